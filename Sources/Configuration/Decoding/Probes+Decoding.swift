import SupervisorCore

extension Field {
    /// `ready = { tcp = "127.0.0.1:80{index}", timeout = "20s" }`: exactly one probe.
    func readiness(instances: Int) -> Readiness? {
        let kinds = ["after", "notify", "tcp", "exec", "line", "fd"]
        return table("a table such as ready = { notify = true }") { table in
            table.expectLater(["http"])
            var readiness = Readiness()
            let probe: Readiness.Probe? =
                table.field("after").flatMap { $0.duration(positive: true) }.map { .after($0) }
                ?? table.field("notify").flatMap { $0.flag() }.map { _ in .notify }
                ?? table.field("tcp").flatMap { $0.socketAddress(instances: instances) }.map { .tcp($0) }
                ?? table.field("exec").flatMap { $0.command() }.map { .exec($0) }
                ?? table.field("line").flatMap { $0.pattern() }.map { .line($0) }
                ?? table.field("fd").flatMap { $0.integer(in: 3...255) }.map { .descriptor($0) }
            // What comes after the first that is present was not asked for above.
            for kind in kinds { _ = table.field(kind) }
            table.set(&readiness.timeout, "timeout") { $0.duration(positive: true) }
            let every = table.field("every")
            if let value = every?.duration(positive: true) { readiness.every = value }
            guard table.hasExactlyOne(of: kinds, later: ["http"]), let probe else { return nil }
            readiness.probe = probe
            readiness.checkTimes(in: self, every: every)
            return readiness
        }
    }

    /// `health = { http = "http://127.0.0.1:80{index}/health", every = "10s" }`: exactly one probe.
    func healthCheck(instances: Int) -> HealthCheck? {
        let kinds = ["exec", "tcp", "http"]
        return table("a table such as health = { tcp = \"127.0.0.1:80\" }", hints: Vocabulary.health) { table in
            let probe: HealthCheck.Probe? =
                table.field("exec").flatMap { $0.command() }.map { .exec($0) }
                ?? table.field("tcp").flatMap { $0.socketAddress(instances: instances) }.map { .tcp($0) }
                ?? table.field("http").flatMap { $0.url(instances: instances) }.map { .http($0) }
            for kind in kinds { _ = table.field(kind) }
            var check = probe.map { HealthCheck(probe: $0) } ?? HealthCheck(probe: .exec([]))
            table.set(&check.every, "every") { $0.duration(positive: true) }
            table.set(&check.timeout, "timeout") { $0.duration(positive: true) }
            table.set(&check.failures, "failures") { $0.integer(in: 1...1000) }
            return table.hasExactlyOne(of: kinds, later: []) && probe != nil ? check : nil
        }
    }

    /// True; a probe is switched off by leaving it out.
    private func flag() -> Bool? {
        guard let flag = boolean() else { return nil }
        if flag { return true }
        problem("can only be true", fix: "remove the key")
        return nil
    }

    /// A text that a line of output has to match.
    private func pattern() -> String? {
        guard let text = string("a text to look for") else { return nil }
        if text.utf8.contains(UInt8(ascii: "\n")) {
            problem("a line holds no line break", fix: "look for a part of one line")
            return nil
        }
        if text.utf8.count > 1000 {
            problem("the text is longer than 1000 bytes", fix: "look for less")
            return nil
        }
        return text
    }
}

extension TableReader {
    /// Whether one probe was given. Those of a later version count: they have a problem of their own already.
    fileprivate func hasExactlyOne(of kinds: [String], later: [String]) -> Bool {
        let given = present(kinds)
        if given.count == 1 { return true }
        let all = kinds.joined(separator: ", ")
        if given.count > 1 {
            problem("has more than one probe: \(given.joined(separator: ", "))", fix: "keep one of them")
        } else if context.isComplete, present(later).isEmpty {
            problem("has no probe", fix: "give one of \(all)")
        }
        return false
    }
}

extension Readiness {
    fileprivate func checkTimes(in field: Field, every: Field?) {
        if case .after(let time) = probe, time >= timeout {
            let limit = "timeout (\(timeout.configured))"
            field.problem(
                "after (\(time.configured)) is not shorter than \(limit), so no start can succeed", fix: "raise timeout"
            )
        }
        switch probe {
        case .tcp, .exec: break
        case .spawned, .after, .notify, .line, .descriptor:
            every?.warning("has no effect: this probe is not repeated", fix: "remove it")
        }
    }
}
