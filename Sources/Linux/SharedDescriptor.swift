/// A descriptor with several owners, closed when the last of them is gone.
///
/// For what is replaced or closed early while an object holds it; where one owner suffices, use `OwnedDescriptor`.
package final class SharedDescriptor: Sendable {
    package let descriptor: OwnedDescriptor

    package init(_ descriptor: consuming OwnedDescriptor) {
        self.descriptor = descriptor
    }
}
