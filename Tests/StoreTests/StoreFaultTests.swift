import Glibc
import Linux
import Scheduling
import Subprocesses
import SupervisorCore
import Testing
import ToolkitTesting

@testable import Store

/// Disks that are full, broken, locked or not there.
@Suite(.timeLimit(.minutes(10))) struct StoreFaultTests {
    @Test func `a full disk refuses, keeps what there is, and goes on when there is room`() {
        let directory = StoreDirectory()
        guard directory.mountSmall("1m") else { return }
        let fixture = StoreFixture(directory.path)
        _ = fixture.store.read(at: "now")
        var accepted: [UInt64] = []
        var refused: StoreError?
        for number in UInt64(1)...500 where refused == nil {
            refused = fixture.store(number, [.add(task(number, size: 10_000))])
            if refused == nil { accepted.append(number) }
        }
        #expect(refused?.reason == .diskFull, "\(String(describing: refused))")
        #expect(refused?.description.contains("the disk is full") == true)
        #expect(refused?.description.contains("make room") == true)
        #expect(!accepted.isEmpty)
        #expect(directory.remount("size=2m"))
        // Whatever was refused is not there, and what was accepted is.
        #expect(fixture.store(1000, [.forget(accepted.prefix(20).map { TaskID($0) })]) == nil)
        #expect(fixture.store(1001, [.add(task(1001))]) == nil)
        #expect(fixture.close())
        let found = StoreFixture.contents(directory.path).tasks.records.map(\.id.number)
        #expect(found == accepted.dropFirst(20) + [1001])
    }

    @Test func `a log that cannot be moved into the tables is told of, and commits go on`() {
        let directory = StoreDirectory()
        guard directory.mountSmall("12m") else { return }
        let fixture = StoreFixture(directory.path)
        _ = fixture.store.read(at: "now")
        // The log has room for the second lot where the first one was; the tables have none.
        #expect(fixture.store(1, (1...1000).map { .add(task($0, size: 2000)) }) == nil)
        #expect(fixture.store(2, [.add(task(2000))]) == nil)
        run("dd if=/dev/zero of='\(directory.path)/fill' bs=4k 2>/dev/null")
        #expect(fixture.store(3, (1001...1999).map { .add(task($0, size: 1000)) }) == nil)
        #expect(fixture.store(4, [.add(task(2001))]) == nil)
        #expect(fixture.store(5, [.add(task(2002))]) == nil)
        #expect(fixture.untidiness.map(\.reason) == [.diskFull])
        _ = fixture.close()
        run("rm '\(directory.path)/fill'")
        #expect(StoreFixture.contents(directory.path).tasks.records.count == 2002)
    }

    @Test func `a full disk that is full from the start`() {
        let directory = StoreDirectory()
        guard directory.mountSmall("64k") else { return }
        run("head -c 200000 /dev/zero >'\(directory.path)/filler' 2>/dev/null")
        let fixture = StoreFixture(directory.path)
        let found = fixture.store.read(at: "now")
        #expect(found.error?.reason == .diskFull, "\(String(describing: found.error))")
        #expect(fixture.store(1, [.add(task(1))])?.reason == .diskFull)
        run("rm '\(directory.path)/filler'")
        #expect(fixture.store(2, [.add(task(2))]) == nil)
        #expect(fixture.close())
        #expect(StoreFixture.contents(directory.path).tasks.records.map(\.id.number) == [2])
    }

    @Test func `a read-only file system refuses, and the tasks come back with it`() {
        let directory = StoreDirectory()
        guard directory.mountSmall("4m") else { return }
        let first = StoreFixture(directory.path)
        _ = first.store.read(at: "now")
        #expect(first.store(1, [.add(task(1))]) == nil)
        #expect(first.close())
        #expect(directory.remount("ro"))
        let fixture = StoreFixture(directory.path)
        let found = fixture.store.read(at: "now")
        #expect(found.error?.reason == .readOnly, "\(String(describing: found.error))")
        #expect(found.error?.description.contains("state_directory") == true)
        #expect(fixture.store(1, [.add(task(2))])?.reason == .readOnly)
        #expect(directory.remount("rw"))
        // It was not read when roostd started: its tasks must not meet new ones with their numbers.
        #expect(fixture.store(2, [.add(task(1))])?.reason == .unread)
        #expect(fixture.close())
        #expect(StoreFixture.contents(directory.path).tasks.records.map(\.id.number) == [1])
    }

    @Test func `a directory that cannot be made is an error that names it`() {
        let directory = StoreDirectory()
        run("touch '\(directory.path)/file'")
        let fixture = StoreFixture("\(directory.path)/file/store")
        let error = fixture.store.read(at: "now").error
        #expect(error?.description.contains("\(directory.path)/file") == true)
        #expect(error?.description.contains("state_directory") == true)
    }

    @Test(arguments: ["this is no database at all, and long enough to look like one", "SQLite format 3\0garbage"])
    func `a damaged store is set aside, and a new one begun`(_ garbage: String) throws {
        let directory = StoreDirectory()
        let path = "\(directory.path)/tasks.db"
        let file = try FileSystem.open(path, [.write, .create])
        _ = try file.write(Array(String(repeating: garbage, count: 200).utf8)[...])
        let fixture = StoreFixture(directory.path)
        let found = fixture.store.read(at: "2026-11-24")
        #expect(found.error == nil)
        #expect(found.tasks == StoredTasks())
        #expect(found.damage?.contains("tasks.db.corrupt-2026-11-24") == true, "\(found.damage ?? "-")")
        #expect(fixture.store(1, [.add(task(1))]) == nil)
        #expect(fixture.close())
        #expect(directory.names.contains("tasks.db.corrupt-2026-11-24"))
        #expect(StoreFixture.contents(directory.path).tasks.records.count == 1)
    }

    @Test func `damage in the middle is found when the store is read`() throws {
        let directory = StoreDirectory()
        let first = StoreFixture(directory.path)
        _ = first.store.read(at: "now")
        #expect(first.store(1, (UInt64(1)...200).map { .add(task($0, size: 1000)) }) == nil)
        #expect(first.close())
        run("dd if=/dev/urandom of='\(directory.path)/tasks.db' bs=4096 seek=5 count=30 conv=notrunc 2>/dev/null")
        let found = StoreFixture.contents(directory.path, at: "x")
        #expect(found.damage != nil)
        #expect(found.tasks.records.isEmpty)
        #expect(directory.names.contains("tasks.db.corrupt-x"))
        // Its log goes with it, or would be applied to the new one.
        #expect(StoreFixture.contents(directory.path, at: "y").damage == nil)
    }

    @Test func `the database of another program is left alone`() {
        let directory = StoreDirectory()
        run("sqlite3 '\(directory.path)/tasks.db' 'CREATE TABLE theirs (x)' 2>/dev/null")
        guard directory.names == ["tasks.db"] else { return print("SKIPPED: there is no sqlite3 here") }
        let error = StoreFixture.contents(directory.path).error
        #expect(error?.reason == .foreign)
        #expect(directory.names == ["tasks.db"])
    }

    @Test func `a store that a newer roostd wrote is left alone`() throws {
        let directory = StoreDirectory()
        #expect(StoreFixture.contents(directory.path).error == nil)
        do {
            let connection = try Connection(opening: "\(directory.path)/tasks.db")
            try connection.execute("PRAGMA user_version = 99")
        }
        #expect(StoreFixture.contents(directory.path).error?.reason == .newerVersion)
    }

    @Test func `two roostd cannot have the same store`() throws {
        let directory = StoreDirectory()
        let fixture = StoreFixture(directory.path)
        _ = fixture.store.read(at: "now")
        #expect(fixture.store(1, [.add(task(1))]) == nil)
        // In another process, for locks of one process do not exclude each other.
        let child = try spawn(SpawnRequest([Programs.killed, directory.path, "look"]))
        #expect(try child.wait() == .exited(code: 3))
        #expect(fixture.close())
    }

    @Test func `what was acknowledged survives kill -9`() throws {
        let directory = StoreDirectory()
        var acknowledged = 0
        for round in 1...15 {
            let acknowledgements = "\(directory.path)/acknowledged"
            var request = SpawnRequest([Programs.killed, "\(directory.path)/store"])
            request.standardOutput = .file(acknowledgements, .truncate)
            let child = try spawn(request)
            let wanted = 50 * round
            try eventually("\(wanted) tasks are acknowledged") {
                (try FileStatus(path: acknowledgements)?.size ?? 0) > wanted * 3
            }
            try child.send(signal: SIGKILL)
            _ = try child.wait()
            let told = try BoundedFile.readText(acknowledgements, limit: 64 << 20).split(separator: "\n")
                .compactMap { UInt64($0) }
            let found = StoreFixture.contents("\(directory.path)/store")
            #expect(found.error == nil && found.damage == nil)
            let there = Set(found.tasks.records.map(\.id.number))
            // The last line may be cut; a cut number is a shorter one, which is there as well.
            #expect(told.allSatisfy(there.contains), "round \(round)")
            acknowledged += told.count
        }
        #expect(acknowledged > 1000)
    }
}

enum Programs {
    /// Beside the test bundle.
    static let killed: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return (FileSystem.parent(of: bundle) ?? ".") + "/store-killed"
    }()
}
