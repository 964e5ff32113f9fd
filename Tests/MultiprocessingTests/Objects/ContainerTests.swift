import Foundation
import Multiprocessing
import MultiprocessingTasks
import Testing
import Threading
import ToolkitTesting

/// Values, lists, dictionaries, sets, namespaces and objects of the program, as clients of one process see them.
@Suite(.leavesNothing, .watchdog) struct ContainerTests {
    /// Runs a test with a server in this process, and two clients of it.
    private func withServer(
        types: [any RemoteTypeProtocol] = [], _ body: (Manager, Manager) throws -> Void
    ) throws {
        let server = try ObjectServer(types: types)
        defer { server.stop() }
        try body(try server.connect(), try server.connect())
    }

    @Test func `a value is set, exchanged, compared, added to and updated`() throws {
        try withServer { manager, _ in
            let value = try manager.value(5)
            try value.set(6)
            #expect(try value.exchange(7) == 6)
            #expect(try value.compareExchange(expected: 6, desired: 8) == (false, 7))
            #expect(try value.compareExchange(expected: 7, desired: 8) == (true, 7))
            #expect(try value.add(-3) == 5)
            #expect(
                try value.update {
                    $0 *= 2; return "done"
                } == "done")
            #expect(try value.get() == 10)
            let small = try manager.value(UInt8(250))
            #expect(throws: ObjectError.overflow) { try small.add(6) }
            #expect(try small.get() == 250)
            #expect(throws: Failure.self) {
                try value.update {
                    $0 = 1; throw Failure()
                }
            }
            #expect(try value.get() == 10)
            #expect(throws: ObjectError.nested) { try value.update { _ in try value.update { $0 = 1 } } }
        }
    }

    @Test func `MP-108 a list does what a list does`() throws {
        try withServer { manager, _ in
            let list = try manager.list([3, 1, 2])
            try list.append(9)
            try list.append(contentsOf: [8, 7])
            try list.insert(0, at: 0)
            #expect(try list.elements() == [0, 3, 1, 2, 9, 8, 7])
            #expect(try list.remove(at: 1) == 3)
            #expect(try list.popLast() == 7)
            try list.swapAt(0, 3)
            try list.reverse()
            #expect(try list.elements() == [8, 0, 2, 1, 9])
            try list.sort()
            #expect(try list.elements(in: 1..<4) == [1, 2, 8])
            try list.replace(0..<2, with: [5, 5, 5])
            #expect(try list.occurrences(of: 5) == 3)
            #expect(try list.firstIndex(of: 5, from: 1) == 1)
            #expect(try list.contains(4) == false)
            #expect(try list.remove(5))
            try list.set(0, to: 6)
            #expect(try list.add(4, to: 0) == 10)
            #expect(
                try list.update(1) {
                    $0 += 1; return $0
                } == 6)
            #expect(try list[0] == 10)
            #expect(throws: ObjectError.outOfRange(count: try list.count)) { try list[99] }
            #expect(throws: ObjectError.self) { try list.insert(1, at: -1) }
            try list.removeAll()
            #expect(try list.isEmpty)
            #expect(try list.popLast() == nil)
        }
    }

    @Test func `an array keeps its length`() throws {
        try withServer { manager, _ in
            let array = try manager.array([1, 2, 3])
            try array.set(1, to: 5)
            try array.replace(0..<2, with: [7, 8])
            #expect(try array.elements() == [7, 8, 3])
            #expect(throws: ObjectError.wrongKind) { try array.replace(0..<2, with: [7]) }
            #expect(throws: ObjectError.wrongKind) { try array.updateAll { $0.append(1) } }
            #expect(try array.count == 3)
        }
    }

    @Test func `MP-108 a dictionary does what a dictionary does`() throws {
        try withServer { manager, _ in
            let words = try manager.dictionary(["a": 1])
            try words.set("b", to: 2)
            #expect(try words.updateValue(3, forKey: "b") == 2)
            #expect(try words.insertIfAbsent("b", 9) == (3, false))
            #expect(try words.insertIfAbsent("c", 9) == (9, true))
            #expect(try words.removeValue(forKey: "a") == 1)
            #expect(try words.removeValue(forKey: "a") == nil)
            try words.merge(["b": 5, "d": 6], replacing: false)
            #expect(try words.snapshot() == ["b": 3, "c": 9, "d": 6])
            #expect(try words.keys() == ["b", "c", "d"])
            #expect(try words.values() == [3, 9, 6])
            #expect(try words.popLast()?.key == "d")
            #expect(try words.contains("c"))
            #expect(try words.compareExchange("x", expected: nil, desired: 1).exchanged)
            #expect(try words.compareExchange("x", expected: 1, desired: nil).exchanged)
            #expect(try words["x"] == nil)
            try words.updateAll {
                $0["b"] = nil; $0["z"] = 0
            }
            #expect(try words.keys() == ["c", "z"])
            try words.removeAll()
            #expect(try words.count == 0)
        }
    }

    @Test func `MP-108 a set does what a set does`() throws {
        try withServer { manager, _ in
            let set = try manager.set([1, 2, 3])
            #expect(try set.insert(4))
            #expect(try set.insert(4) == false)
            #expect(try set.remove(1))
            #expect(try set.remove(1) == false)
            try set.formUnion([7, 8])
            try set.subtract([2])
            try set.formIntersection([3, 4, 7])
            try set.formSymmetricDifference([7, 9])
            #expect(try set.elements() == [3, 4, 9])
            #expect(try set.contains(9))
            #expect(try set.popLast() == 9)
            try set.updateAll { $0 = [1] }
            #expect(try set.elements() == [1])
        }
    }

    @Test func `MP-108 proxies in containers stay proxies, and plain values in them are copies`() throws {
        try withServer { manager, other in
            let inner = try manager.list([1])
            let outer = try manager.list([inner, inner])
            try outer[0].append(2)
            #expect(try inner.elements() == [1, 2])
            #expect(try outer[1] == inner)
            let plain = try manager.list([[1]])
            var copy = try plain[0]
            copy.append(2)
            #expect(try plain[0] == [1])
            // The container keeps the object when its maker has let it go.
            let nested = try manager.dictionary(of: String.self, RemoteList<Int>.self)
            try nested.set("list", to: try manager.list([7]))
            #expect(try nested["list"]?.elements() == [7])
            let before = try manager.census().objects
            _ = try nested.removeValue(forKey: "list")
            try eventually("the object is gone") { try manager.census().objects == before - 1 }
            // A proxy of one client is none of another one's until it was given to it.
            #expect(throws: ObjectError.self) { try other.list([inner]).elements() }
        }
    }

    @Test func `MP-109 reading on in a dictionary that has changed is an error`() throws {
        try withServer { manager, _ in
            let numbers = try manager.dictionary(Dictionary(uniqueKeysWithValues: (0..<100).map { ($0, $0) }))
            var entries = numbers.entries(batch: 10)
            var seen = 0
            while try entries.next() != nil { seen += 1 }
            #expect(seen == 100)
            var again = numbers.entries(batch: 10)
            _ = try again.next()
            try numbers.set(5, to: 6)
            for _ in 0..<20 { _ = try again.next() }
            try numbers.set(100, to: 0)
            #expect(throws: ObjectError.changed) { while try again.next() != nil {} }
            var short = try manager.set([1, 2]).entries()
            _ = try short.next()
        }
    }

    @Test func `MP-110 names that begin with an underscore stay here`() throws {
        try withServer { manager, _ in
            let space = try manager.namespace()
            try space.set("limit", to: 5)
            try space.set("_own", to: 6)
            let limit: Int = try space.limit
            #expect(limit == 5)
            #expect(try space.get("_own", as: Int.self) == 6)
            #expect(try space.names() == ["limit"])
            // The same object by another proxy.
            let same = try manager.list([space])[0]
            #expect(same == space)
            #expect(try same.get("limit", as: Int.self) == 5)
            #expect(throws: ObjectError.missing("_own")) { try same.get("_own", as: Int.self) }
            #expect(throws: ObjectError.missing("other")) { try space.get("other", as: Int.self) }
            #expect(throws: ObjectError.self) { try space.get("limit", as: String.self) }
            try space.set("limit", to: "none")
            #expect(try space.get("limit", as: String.self) == "none")
            #expect(try space.remove("limit"))
        }
    }

    @Test func `MP-103 a method that is not exposed is an error of the server`() throws {
        try withServer(types: [Bank.account]) { manager, _ in
            let account = try manager.create(Bank.account, 100)
            #expect(try account.call(Bank.add, 5) == 105)
            #expect(try account.call(Bank.balance) == 105)
            #expect(throws: ObjectError.notExposed(type: "account", method: "hidden")) {
                try account.call(Bank.hidden)
            }
            let unknown = RemoteType("unknown", exposing: []) { (_: Int) in Account(0) }
            #expect(throws: ObjectError.unknownType("unknown")) { _ = try manager.create(unknown, 1) }
        }
    }

    @Test func `MP-104 an error of a method arrives as itself if it can, and otherwise in words`() throws {
        try withServer(types: [Bank.account]) { manager, _ in
            let account = try manager.create(Bank.account, 100)
            #expect(throws: AccountError(missing: 50)) { try account.call(Bank.overdraw, 150) }
            let words = #expect(throws: RemoteError.self) { try account.call(Bank.crash) }
            #expect(words?.typeName.hasSuffix("PlainError") == true)
            #expect(throws: AccountError(missing: 3)) { _ = try manager.create(Bank.account, -3) }
            #expect(try account.call(Bank.balance) == 100)
        }
    }

    @Test func `MP-098 handles that a server keeps are gone with it`() throws {
        let server = try ObjectServer()
        let manager = try server.connect()
        let segments = try manager.dictionary(of: String.self, PassedDescriptor.self)
        let (reader, writer) = try Multiprocessing.Pipe.oneWay()
        try segments.set("segment", to: PassedDescriptor(duplicating: 0))
        #expect(try segments["segment"] != nil)
        server.stop()
        #expect(throws: ObjectError.serverEnded) { _ = try segments["segment"] }
        reader.close()
        writer.close()
    }

    @Test func `a value of another type is an error, and so is an operation of another kind`() throws {
        try withServer { manager, _ in
            let list = try manager.list(["text"])
            let wrong = try Parcel(list).decode(RemoteList<Int>.self)
            #expect(throws: ObjectError.self) { _ = try wrong[0] }
            let set = try Parcel(list).decode(RemoteQueue<Int>.self)
            #expect(throws: ObjectError.wrongKind) { try set.put(1) }
        }
    }
}
