public import Multiprocessing

/// What the tests let other processes do: one list for all, as a program has one.
public enum Tasks {
    public static let all: [any RemoteCallable] = processes + connections
}
