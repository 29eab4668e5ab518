import Synchronization

/// A value that tests share between tasks.
final class Mutexed<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) {
        mutex = Mutex(value)
    }

    var value: Value {
        get { mutex.withLock { $0 } }
        set { mutex.withLock { $0 = newValue } }
    }

    func change<T: Sendable>(_ body: @Sendable (inout Value) -> T) -> T {
        mutex.withLock { body(&$0) }
    }
}
