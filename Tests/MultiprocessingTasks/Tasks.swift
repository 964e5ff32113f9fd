package import Multiprocessing

/// What the tests let other processes do: one list for all, as a program has one.
package enum Tasks {
    package static let all: [any RemoteCallable] =
        processes + connections + shared + queues + pools + objects
}
