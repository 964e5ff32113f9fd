import Glibc
package import Multiprocessing

/// A value that ends or holds up whoever decodes or encodes it: what can go wrong on each stretch of the way.
package struct Misbehaviour: Codable, Sendable {
    package enum Way: String, Codable, Sendable, CaseIterable {
        case crash
        case exit
        case throwError
        case hang
    }

    package enum Moment: String, Codable, Sendable {
        case encoding
        case decoding
    }

    let way: Way
    let moment: Moment

    package init(way: Way, at moment: Moment) {
        self.way = way
        self.moment = moment
    }

    private enum CodingKeys: CodingKey {
        case way
        case moment
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        way = try container.decode(Way.self, forKey: .way)
        moment = try container.decode(Moment.self, forKey: .moment)
        if moment == .decoding { try misbehave() }
    }

    package func encode(to encoder: any Encoder) throws {
        if moment == .encoding { try misbehave() }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(way, forKey: .way)
        try container.encode(moment, forKey: .moment)
    }

    private func misbehave() throws {
        switch way {
        case .crash: crashNow()
        case .exit: exit(7)
        case .throwError: throw Undeclared()
        case .hang: while true { pause() }
        }
    }
}

extension Tasks {
    package static let accept = RemoteFunction("accept") { (value: Misbehaviour) in }
}
