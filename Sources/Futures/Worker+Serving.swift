extension Worker {
    /// The whole life of a worker: tasks, until there are no more.
    internal func serve() {
        if let initializer = pool.settings.initializer, !initialize(initializer) { return pool.dismiss() }
        while serveNext() {}
        pool.dismiss()
    }

    /// Does one task. In a function of its own, so that nothing of it is kept while the worker sleeps.
    private func serveNext() -> Bool {
        guard var item = pool.next(for: self) else { return false }
        if item.begin(by: number) { item.perform(in: self) } else { pool.hasDroppedStale() }
        // If nobody wants the result it goes now, and nobody knows what goes with it, nor how long that takes.
        if isSearching, isKnownUniquelyReferenced(&item), !item.hasPlainValue { pool.stopSearching(self) }
        return true
    }

    /// Runs the initializer. It may take long, so meanwhile this worker does not count as one who looks for work.
    ///
    /// - Returns: whether it succeeded; if not, the pool is broken.
    private func initialize(_ initializer: @Sendable () throws -> Void) -> Bool {
        pool.beginInitializing(self)
        defer { pool.endInitializing(self) }
        do {
            try initializer()
            return true
        } catch {
            pool.breakDown(.initializer(error))
            return false
        }
    }
}
