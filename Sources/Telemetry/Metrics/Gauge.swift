import Synchronization

/// A number that rises and falls, such as how many connections are open. Lock-free, from any thread.
public final class Gauge: Sendable {
    private let number = AtomicDouble()

    init() {}

    public func set(_ value: Double) {
        number.store(value)
    }

    public func set(_ value: Int) {
        number.store(Double(value))
    }

    public func increment(by amount: Double = 1) {
        number.add(amount)
    }

    public func decrement(by amount: Double = 1) {
        number.add(-amount)
    }

    public var value: Double { number.load() }
}
