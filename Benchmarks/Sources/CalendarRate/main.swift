import Foundation
import Scheduling
import Threading

// What next() takes: `CalendarRate DIALECT ZONE COUNT` reads expressions, one a line, and prints for each of them the
// nanoseconds of one search and the last time found, walking from answer to answer. `never` is asked again instead.

let arguments = CommandLine.arguments
guard arguments.count == 4, let dialect = Schedule.Dialect(rawValue: arguments[1]), let count = Int(arguments[3]) else {
    fatalError("usage: CalendarRate DIALECT ZONE COUNT")
}
let rules = try TimeZoneDatabase.rules(named: arguments[2])
// 2025-01-01 00:00:00 UTC, as in programs/calendars.py.
let start = WallTime(seconds: 1_735_689_600)
let clock = ContinuousClock()

while let text = readLine() {
    let schedule = try Schedule(text, dialect: dialect)
    let surroundings = Schedule.Surroundings(rules: rules, boot: start, start: start)
    var best = Duration.seconds(1_000)
    var last = start
    for _ in 0..<5 {
        last = start
        let time = clock.measure {
            for _ in 0..<count {
                // A finite one begins again.
                last = schedule.next(after: last, in: surroundings) ?? start
            }
        }
        best = min(best, time)
    }
    var parsing = Duration.seconds(1_000)
    for _ in 0..<5 {
        let began = clock.now
        for _ in 0..<count { _ = try Schedule(text, dialect: dialect) }
        parsing = min(parsing, clock.now - began)
    }
    print(
        String(format: "%.1f %.1f", best / .nanoseconds(1) / Double(count), parsing / .nanoseconds(1) / Double(count)),
        last.seconds)
}
