import Scheduling
import Testing

@Suite(.timeLimit(.minutes(10))) struct CronVectorTests {
    private let zones = Zones()

    private func times(_ row: [String], syntax: CronExpression.Syntax = []) throws -> [String] {
        let cron = try CronExpression(row[0], syntax: syntax)
        let rules = try zones.rules(row[1])
        return fiveTimes(from: try Vectors.time(row[2])) { cron.next(after: $0, in: rules) }
    }

    @Test func `all that cronsim and the reference agree on is found`() throws {
        for row in try Vectors.rows("cron-vectors") {
            #expect(try times(row) == Array(row[3..<8]), "\(row)")
        }
    }

    @Test func `seconds are a sixth field, and come first`() throws {
        for row in try Vectors.rows("cron6-vectors") {
            #expect(try times(row, syntax: .seconds) == Array(row[3..<8]), "\(row)")
        }
    }

    @Test func `where others disagree, the reference is followed`() throws {
        for row in try Vectors.rows("cron-disputed") {
            #expect(try times(row) == row[3].split(separator: ",").map(String.init), "\(row)")
        }
    }

    @Test func `what cronie's grammar does not know is refused`() throws {
        for row in try Vectors.rows("cron-invalid") {
            let text = Vectors.unescaped(row[0])
            #expect(throws: ScheduleSyntaxError.self, "\(text)") { try CronExpression(text) }
        }
    }

    @Test func `what others dispute is read as cronie reads it`() throws {
        for row in try Vectors.rows("cron-validity-disputed") {
            let isValid = (try? CronExpression(row[0])) != nil
            #expect(isValid == (row[1] == "accept"), "\(row)")
        }
    }
}
