import Scheduling
import Threading

/// The rules of zones, each read once.
final class ZoneSource {
    private var known: [String: TimeZoneRules] = [:]

    func rules(named name: String) throws(TimeZoneError) -> TimeZoneRules {
        if let rules = known[name] { return rules }
        let rules = try TimeZoneDatabase.rules(named: name)
        known[name] = rules
        return rules
    }

    /// Those of the zone that the schedule names, else of the one named, else the machine's.
    func rules(of schedule: Schedule, orElse name: String?) throws(TimeZoneError) -> TimeZoneRules {
        switch schedule.zone {
        case .utc: .utc
        case .named(let zone): try rules(named: zone)
        case .local:
            if let name { try rules(named: name) } else { try TimeZoneDatabase.localRules() }
        }
    }
}
