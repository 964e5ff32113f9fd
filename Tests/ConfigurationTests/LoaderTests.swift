import Configuration
import Foundation
import SupervisorCore
import Testing

/// Real files, in a directory of their own that is removed afterwards.
private final class Directory {
    let path: String

    init(named name: String = "roost") throws {
        let parent = FileManager.default.temporaryDirectory.appending(path: "\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        path = parent.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
        let file = URL(filePath: path).appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: false, encoding: .utf8)
    }

    func load(_ name: String = "roost.toml") -> LoadedPlan {
        let main = "\(path)/\(name)"
        return Loader.loadPlan(at: main)
    }

    /// Problems without the name of the directory, which is different each time.
    func problems(_ name: String = "roost.toml") -> [String] {
        load(name).problems.map { $0.description.replacingOccurrences(of: path, with: "DIR") }
    }
}

@Suite struct LoaderTests {
    @Test func `included files come after their includer, in the order of their names`() throws {
        let directory = try Directory()
        try directory.write("roost.toml", "[daemon]\ninclude = [\"conf.d/*.toml\"]\n[worker.z]\ncommand = \"x\"")
        try directory.write("conf.d/b.toml", "[worker.b]\ncommand = \"x\"")
        try directory.write("conf.d/a.toml", "include = [\"more/c.toml\"]\n[worker.a]\ncommand = \"x\"")
        try directory.write("conf.d/more/c.toml", "[worker.c]\ncommand = \"x\"")
        try directory.write("conf.d/a.toml~", "garbage")
        #expect(directory.load().plan?.workers.map(\.name) == ["z", "a", "c", "b"])
    }

    @Test func `a pattern that matches nothing is fine and a file that is not there is not`() throws {
        let directory = try Directory()
        try directory.write("roost.toml", "include = [\"conf.d/*.toml\", \"x.toml\"]")
        #expect(
            directory.problems() == [
                "DIR/roost.toml:1: include: cannot open DIR/x.toml: No such file or directory; "
                    + "correct the path or the permissions"
            ])
    }

    @Test func `wildcards in the name of the directory mean themselves`() throws {
        let directory = try Directory(named: "roost[a]*?")
        try directory.write("roost.toml", "include = [\"*.part\"]")
        try directory.write("a.part", "[worker.a]\ncommand = \"x\"")
        #expect(directory.load().plan?.workers.map(\.name) == ["a"])
    }

    @Test func `a file that two patterns find is read once, and so is one by another name`() throws {
        let directory = try Directory()
        try directory.write("roost.toml", "include = [\"*.part\", \"a.part\", \"./a.*\", \"link\"]")
        try directory.write("a.part", "[worker.a]\ncommand = \"x\"")
        try FileManager.default.createSymbolicLink(
            atPath: "\(directory.path)/link", withDestinationPath: "\(directory.path)/a.part")
        #expect(directory.load().plan?.workers.map(\.name) == ["a"])
    }

    @Test func `a main file that is not there is told without a line`() throws {
        let directory = try Directory()
        #expect(directory.problems() == ["DIR/roost.toml: cannot open DIR/roost.toml: No such file or directory"])
    }

    @Test func `a directory and a FIFO are no configuration, and are not waited for`() throws {
        let directory = try Directory()
        try FileManager.default.createDirectory(atPath: "\(directory.path)/d", withIntermediateDirectories: false)
        #expect(directory.problems("d") == ["DIR/d: cannot read DIR/d: it is not a regular file"])
        #expect(mkfifo("\(directory.path)/fifo", 0o600) == 0)
        #expect(directory.problems("fifo") == ["DIR/fifo: cannot read DIR/fifo: it is not a regular file"])
    }

    @Test func `a file that is too large is not read to its end`() throws {
        let directory = try Directory()
        try directory.write("roost.toml", String(repeating: "# filler\n", count: 1 << 20))
        #expect(directory.problems() == ["DIR/roost.toml:1: the file is larger than 1 MiB; split it with include"])
    }

    @Test func `users and groups are those of the machine`() throws {
        let directory = try Directory()
        try directory.write(
            "roost.toml",
            "[worker.a]\ncommand = \"x\"\nuser = \"root\"\ngroup = \"root\"\n[worker.b]\ncommand = \"x\"\n"
                + "user = \"no-such-user\"\ngroup = \"no-such-group\"")
        #expect(
            directory.problems() == [
                "DIR/roost.toml:7: worker.b.user: there is no user \"no-such-user\"; create it, or correct the name",
                "DIR/roost.toml:8: worker.b.group: there is no group \"no-such-group\"; create it, or correct the name",
            ])
    }

    @Test func `relative paths of the daemon start at the directory of the main file`() throws {
        let directory = try Directory()
        try directory.write("roost.toml", "daemon.socket = \"run/control.sock\"")
        #expect(directory.load().plan?.daemon.socket == "\(directory.path)/run/control.sock")
    }

    @Test(arguments: ["roost.example.toml", "demo.toml"])
    func `the configurations that come with Roost have no problem`(_ name: String) {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let path = root.deletingLastPathComponent().appending(path: "config/\(name)").path
        let loaded = Loader.loadPlan(at: path)
        #expect(loaded.problems.map(\.description) == [])
        #expect(loaded.plan != nil)
    }

    @Test func `the example names every key of a worker`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = root.deletingLastPathComponent().appending(path: "config/roost.example.toml")
        let text = try String(contentsOf: file, encoding: .utf8)
        // The message about an unknown key lists all that are known.
        for section in ["", ".restart", ".ready", ".health", ".stop", ".log", ".limits"] {
            let line = problems("[worker.web\(section)]\nqqqqqqqqqqqq = 1").first { $0.contains("known are ") }
            let keys = try #require(line).components(separatedBy: "known are ")[1].components(separatedBy: ", ")
            for key in keys { #expect(text.contains("\(key) = ") || text.contains("[worker.web.\(key)]"), "\(key)") }
        }
    }
}
