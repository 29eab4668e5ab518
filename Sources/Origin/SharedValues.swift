import Synchronization

/// Values that are dear to make: made once for all who ask meanwhile, and kept within a budget of bytes.
///
/// What is over the budget goes, the longest unused first; the newest value stays even if it alone is over it, so that
/// its listeners do not have it made again and again.
final class SharedValues<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    struct Made: Sendable {
        var value: Value
        /// About the bytes that it takes.
        var cost: Int
        /// For how long it is given out without another look.
        var freshFor: Duration
    }

    /// Too much is being made already.
    struct Busy: Error {}

    private struct Entry {
        var value: Value
        var cost: Int
        var freshUntil: ContinuousClock.Instant
        var lastUse: UInt64
    }

    private enum Found {
        case value(Value)
        case making(Task<Value, any Error>)
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var making: [Key: Task<Value, any Error>] = [:]
        var cost = 0
        var uses: UInt64 = 0

        mutating func use(_ key: Key) -> Entry? {
            guard let index = entries.index(forKey: key) else { return nil }
            uses += 1
            entries.values[index].lastUse = uses
            return entries.values[index]
        }

        mutating func store(_ made: Made, for key: Key, budget: Int, count: Int) {
            making[key] = nil
            remove(key)
            uses += 1
            cost += made.cost
            entries[key] = Entry(
                value: made.value, cost: made.cost, freshUntil: .now + made.freshFor, lastUse: uses)
            while entries.count > 1, cost > budget || entries.count > count,
                let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                remove(oldest.key)
            }
        }

        mutating func remove(_ key: Key) {
            if let entry = entries.removeValue(forKey: key) { cost -= entry.cost }
        }
    }

    private let budget: Int
    private let maximumCount: Int
    private let maximumMaking: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - budget: bytes of all values together.
    ///   - maximumCount: of values.
    ///   - maximumMaking: values that are made at a time.
    init(budget: Int, maximumCount: Int = 1000, maximumMaking: Int = 64) {
        self.budget = budget
        self.maximumCount = maximumCount
        self.maximumMaking = maximumMaking
    }

    /// The value if it can be given out at once.
    func fresh(_ key: Key) -> Value? {
        state.withLock { state in
            guard let entry = state.use(key), entry.freshUntil > .now else { return nil }
            return entry.value
        }
    }

    /// The value, which `make` makes unless it is there and fresh. Whoever asks while it is being made gets the same
    /// one, or the same error; an error is not kept.
    /// - Parameter make: gets the value of before, to give it out again where nothing has changed.
    /// - Throws: `Busy`, or what `make` throws.
    func value(_ key: Key, make: @escaping @Sendable (Value?) async throws -> Made) async throws -> Value {
        let found: Found = try state.withLock { state in
            let entry = state.use(key)
            if let entry, entry.freshUntil > .now { return .value(entry.value) }
            if let task = state.making[key] { return .making(task) }
            guard state.making.count < maximumMaking else { throw Busy() }
            // A task of its own: it goes on for the others when the one who asked first leaves.
            let task = Task { try await self.make(key, entry?.value, make) }
            state.making[key] = task
            return .making(task)
        }
        switch found {
        case .value(let value): return value
        case .making(let task): return try await task.value
        }
    }

    private func make(
        _ key: Key, _ old: Value?, _ make: @Sendable (Value?) async throws -> Made
    ) async throws -> Value {
        do {
            let made = try await make(old)
            state.withLock { $0.store(made, for: key, budget: budget, count: maximumCount) }
            return made.value
        } catch {
            state.withLock { $0.making[key] = nil }
            throw error
        }
    }

    /// Bytes of what is kept.
    var cost: Int { state.withLock { $0.cost } }
    var count: Int { state.withLock { $0.entries.count } }
}
