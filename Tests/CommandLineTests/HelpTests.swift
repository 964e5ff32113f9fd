import ArgumentParser
import Testing

@testable import CommandLine

@Suite struct HelpTests {
    @Test func `the help of roostctl lists verbs and exit statuses`() throws {
        try Golden.check("help", Roostctl.helpMessage(columns: 100) + "\n")
    }

    @Test func `every verb has help`() throws {
        for verb in Roostctl.configuration.subcommands {
            let help = Roostctl.helpMessage(for: verb, columns: 100)
            try Golden.check("help-\(verb._commandName)", help + "\n")
        }
    }
}
