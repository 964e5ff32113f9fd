/// What a calendar does when the clocks are set forward or back, by up to three hours as a summer time does it.
///
/// It is about local times that a day does not have, or has twice. Schedules that run again and again (every hour,
/// every ten minutes: `*` in the hour or the minute, in a calendar also a step in the hour) follow real time under
/// ``cron`` and ``skip``: an hour after 01:30 comes the next 01:30 when the clocks went back. The others run at fixed
/// times of the day, and the policies differ in those. A bigger change, as when Samoa left out a day, is a
/// correction: nothing is made up and nothing is left out.
public enum ClockChangePolicy: String, Hashable, Sendable, CaseIterable {
    /// As Debian's cron and cronie: what a day leaves out runs once, at the moment the clocks are set forward, and
    /// what it repeats runs the first time only.
    case cron
    /// What a day leaves out does not run that day; what it repeats runs the first time only.
    case skip
    /// As systemd 252: what a day leaves out does not run, and of what it repeats even an hourly schedule sees only
    /// the first, unless it is asked in the midst of the second.
    case systemd
}
