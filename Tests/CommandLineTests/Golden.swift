import Foundation
import Testing

/// Text that is compared with what was once looked at and found good, in Golden/NAME.txt.
///
/// After a change that is meant to change it, run `ROOST_RECORD_GOLDEN=1 swift test --filter CommandLineTests` and
/// look at the difference before committing it.
enum Golden {
    static func check(_ name: String, _ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Golden/\(name).txt")
        if ProcessInfo.processInfo.environment["ROOST_RECORD_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: file)
        }
        let recorded = try String(contentsOf: file, encoding: .utf8)
        #expect(text == recorded, "differs from \(file.path)", sourceLocation: sourceLocation)
    }
}
