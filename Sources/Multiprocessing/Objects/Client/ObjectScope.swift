import Linux

/// For which server a value is being encoded, or from which one it came: proxies within it are numbers there.
///
/// Of the calling thread, since Codable has no way to hand it down.
final class ObjectScope {
    private static let place = ThreadSpecific<ObjectScope>()

    private var layers: [Layer] = []
    private var isServing = false

    struct Layer {
        let client: ObjectClient
        /// Proxies that were encoded.
        var references: [ObjectID] = []
        /// Handles for the proxies that came with a value.
        var handles: [ObjectHandle] = []
    }

    private static var current: ObjectScope {
        if let scope = place.value { return scope }
        let scope = ObjectScope()
        place.set(scope)
        return scope
    }

    /// The client whose server a value is encoded for; nil if it is on its way elsewhere.
    static var client: ObjectClient? { current.layers.last?.client }

    /// Whether this thread is a server's. It must not wait for the answer of a server, which may be itself.
    static var isServing: Bool { place.value?.isServing ?? false }

    static func beginServing() { current.isServing = true }

    static func note(_ reference: ObjectID) {
        let scope = current
        if !scope.layers.isEmpty { scope.layers[scope.layers.count - 1].references.append(reference) }
    }

    static func handle(_ object: ObjectID) -> ObjectHandle? { current.layers.last?.handles.first { $0.id == object } }

    /// Encodes a value for a server.
    static func encode<Value: Encodable>(_ value: Value, for client: ObjectClient) throws(ObjectError) -> StoredValue {
        let scope = current
        scope.layers.append(Layer(client: client))
        defer { scope.layers.removeLast() }
        do {
            let parcel = try Parcel(value)
            let references = scope.layers.last?.references ?? []
            return StoredValue(bytes: parcel.bytes, references: references, descriptors: parcel.descriptors)
        } catch let error as ObjectError {
            throw error
        } catch {
            throw .unreadable("\(error)")
        }
    }

    /// Decodes a value that came from a server, with the proxies in it.
    static func decode<Value: Decodable>(
        _ type: Value.Type, from value: StoredValue, _ client: ObjectClient, _ handles: [ObjectHandle]
    ) throws(ObjectError) -> Value {
        let scope = current
        scope.layers.append(Layer(client: client, handles: handles))
        defer { scope.layers.removeLast() }
        do {
            return try value.parcel.decode(type)
        } catch let error as ObjectError {
            throw error
        } catch {
            throw .unreadable("\(error)")
        }
    }

    /// Runs what may encode or decode for other purposes, as if there were no server.
    static func outside<Result>(_ body: () throws -> Result) rethrows -> Result {
        let scope = current
        let layers = scope.layers
        scope.layers = []
        defer { scope.layers = layers }
        return try body()
    }
}
