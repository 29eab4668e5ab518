import MessageBus
import NIOCore
import Synchronization

/// Bundles a second through a RabbitMQ: to the log and back, as workers and origins use it, and through a queue.
@main
struct BusBenchmark {
    /// 192 ms at 192 kbit/s, and of the default ladder.
    private static let sizes = [5_400, 11_000]
    private static let count = 20_000

    static func main() async throws {
        guard CommandLine.arguments.count == 2 else { throw RabbitMQURLError.host }
        let url = CommandLine.arguments[1]
        print("what                                  size    confirm window    bundles/s    ms/bundle p50    p95")
        for size in sizes {
            for window in [1, 16, 100, 512] {
                try await measure("log, one reader", url, size: size, window: window) { bus, name in
                    try await bus.declareLog(name, LogOptions(maximumBytes: 256 << 20, minimumAge: .seconds(60)))
                    let reader = try await bus.read(name, from: .end)
                    return (
                        { try await bus.append($0, to: name) },
                        { count in
                            var received = 0
                            while received < count {
                                if case .entry? = try await reader.next() { received += 1 }
                            }
                        },
                        { try await bus.deleteLog(name) }
                    )
                }
            }
            for window in [1, 100, 512] {
                try await measure("queue, one consumer", url, size: size, window: window) { bus, name in
                    try await bus.declareQueue(
                        name, QueueOptions(singleActiveConsumer: true, maximumBytes: 1 << 30, maximumMessages: 1 << 20))
                    let consumer = try await bus.consume(name, prefetch: 500)
                    return (
                        { try await bus.publish($0, to: name) },
                        { count in
                            for number in 1...count {
                                guard let delivery = try await consumer.next() else { return }
                                if number.isMultiple(of: 50) || number == count {
                                    consumer.acknowledge(through: delivery.tag)
                                }
                            }
                        },
                        { try await bus.deleteQueue(name) }
                    )
                }
            }
        }
    }

    private typealias Lane = (
        publish: @Sendable (ByteBuffer) async throws -> Void, receive: @Sendable (Int) async throws -> Void,
        remove: @Sendable () async throws -> Void
    )

    /// As many tasks as the window is large each publish one bundle after the other; ends when all have arrived.
    private static func measure(
        _ what: String, _ url: String, size: Int, window: Int,
        _ prepare: @Sendable (RabbitMQMessageBus, String) async throws -> Lane
    ) async throws {
        var configuration = try RabbitMQConfiguration(url: url)
        configuration.confirmWindow = window
        let bus = RabbitMQMessageBus(configuration)
        try await bus.waitUntilConnected()
        let lane = try await prepare(bus, "benchmark.\(UInt64.random(in: .min ... .max))")
        let bundle = ByteBuffer(repeating: 0x55, count: size)
        let count = window == 1 ? count / 5 : count
        let left = Countdown(count)
        let start = ContinuousClock.now
        let times = try await withThrowingTaskGroup(of: [Duration].self) { group in
            group.addTask {
                try await lane.receive(count)
                return []
            }
            for _ in 0..<window {
                group.addTask {
                    var times: [Duration] = []
                    while left.take() {
                        let begun = ContinuousClock.now
                        try await lane.publish(bundle)
                        times.append(.now - begun)
                    }
                    return times
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }.sorted()
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try await lane.remove()
        await bus.shutdown()
        let columns = [
            what.padded(34), "\(size)".padded(8), "\(window)".padded(18), "\(Int(Double(count) / seconds))".padded(13),
            milliseconds(times[times.count / 2]).padded(17), milliseconds(times[times.count * 95 / 100]),
        ]
        print(columns.joined())
    }

    private static func milliseconds(_ time: Duration) -> String {
        "\((time / .milliseconds(1) * 100).rounded() / 100)"
    }
}

/// What is still to be published, for all tasks.
private final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int) {
        left = Atomic(count)
    }

    func take() -> Bool { left.wrappingSubtract(1, ordering: .relaxed).newValue >= 0 }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
