import NIOCore
import TestSupport
import Testing

@testable import MessageBus

struct QueueStateTests {
    private let first = ConsumerID(number: 1_000_001)
    private let second = ConsumerID(number: 1_000_002)

    private func queue(
        singleActiveConsumer: Bool = false, maximumMessages: Int = 1000, maximumRequeues: Int? = nil,
        messageTimeToLive: Duration? = nil
    ) -> QueueState {
        QueueState(
            singleActiveConsumer: singleActiveConsumer, maximumBytes: 1 << 20, maximumMessages: maximumMessages,
            overflow: .refuse, maximumRequeues: maximumRequeues, messageTimeToLive: messageTimeToLive)
    }

    /// Only consumers that have something to take are named.
    @Test func publishNamesTheConsumerThatIsDealtTo() {
        var queue = queue()
        #expect(queue.publish(payload(0), topic: nil, now: .zero) == [])
        #expect(queue.register(first, prefetch: 2, now: .zero) == [first])
        #expect(queue.register(second, prefetch: 1, now: .zero) == [])
        #expect(queue.publish(payload(1), topic: nil, now: .zero) == [first])
        #expect(queue.publish(payload(2), topic: nil, now: .zero) == [second])
        #expect(queue.publish(payload(3), topic: nil, now: .zero) == [])
        #expect(queue.take(first)?.payload.number == 0)
        #expect(queue.acknowledge(DeliveryTag(number: 1), by: first, now: .zero) == [first])
    }

    /// What a consumer has not taken cannot be settled: the tag of another consumer does no harm.
    @Test func onlyTakenDeliveriesAreSettled() {
        var queue = queue()
        _ = queue.register(first, prefetch: 10, now: .zero)
        for number in 0..<3 { _ = queue.publish(payload(number), topic: nil, now: .zero) }
        _ = queue.take(first)
        for tag in [0, 2, 3, 4, UInt64.max] {
            _ = queue.acknowledge(DeliveryTag(number: tag), by: first, now: .zero)
            #expect(queue.reject(DeliveryTag(number: tag), by: first, requeue: false, now: .zero).givenUp == nil)
        }
        _ = queue.acknowledge(through: DeliveryTag(number: .max), by: first, now: .zero)
        _ = queue.remove([first], now: .zero)
        #expect(queue.readyCount(now: .zero) == 2)
    }

    /// Expired messages make room and are never dealt.
    @Test func expiredMessagesMakeRoom() {
        var queue = queue(maximumMessages: 2, messageTimeToLive: .seconds(10))
        #expect(queue.publish(payload(0), topic: nil, now: .zero) != nil)
        #expect(queue.publish(payload(1), topic: nil, now: .seconds(5)) != nil)
        #expect(queue.publish(payload(2), topic: nil, now: .seconds(9)) == nil)
        #expect(queue.publish(payload(2), topic: nil, now: .seconds(10)) != nil)
        #expect(queue.register(first, prefetch: 10, now: .seconds(16)) == [first])
        #expect(queue.take(first)?.payload.number == 2)
        #expect(queue.take(first) == nil)
        // It is as old as it is when it comes back.
        _ = queue.remove([first], now: .seconds(19))
        #expect(queue.readyCount(now: .seconds(19)) == 1)
        #expect(queue.readyCount(now: .seconds(20)) == 0)
    }

    @Test func rejectionsAreCountedByMessage() {
        var queue = queue(maximumRequeues: 1)
        _ = queue.register(first, prefetch: 10, now: .zero)
        for number in 0..<2 { _ = queue.publish(payload(number), topic: "topic", now: .zero) }
        var givenUp: [Int?] = []
        while let delivery = queue.take(first) {
            let outcome = queue.reject(delivery.tag, by: first, requeue: true, now: .zero)
            if let message = outcome.givenUp {
                #expect(message.topic == "topic" && message.requeues == 1 && outcome.dealt.isEmpty)
                givenUp.append(message.payload.number)
            } else {
                #expect(outcome.dealt == [first])
            }
        }
        #expect(givenUp == [0, 1])
    }

    /// A piece of a large buffer does not keep the whole of it.
    @Test func pieceOfALargeBufferIsCopied() throws {
        let large = ByteBuffer(repeating: 7, count: 1 << 20)
        let piece = try #require(large.getSlice(at: 1000, length: 10))
        #expect(piece.compacted() == piece)
        #expect(piece.compacted().storageCapacity < 5000)
        #expect(large.compacted().storageCapacity >= 1 << 20)
    }

    /// Whatever consumers do, each message is in one place, the order of what waits is the order of publication, and
    /// no prefetch is exceeded.
    @Test(arguments: 0..<40)
    func randomWalkKeepsEveryMessageInItsPlace(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let prefetch = 5
        var queue = queue(singleActiveConsumer: seed.isMultiple(of: 2), maximumMessages: 30)
        var published = 0
        var settled: Set<Int> = []
        var taken: [ConsumerID: [(tag: DeliveryTag, number: Int)]] = [:]
        var lastConsumer: UInt64 = 0
        for _ in 0..<2000 {
            let consumer = taken.keys.sorted { $0.number < $1.number }.randomElement(using: &random)
            switch (Int.random(in: 0..<10, using: &random), consumer) {
            case (0...3, _):
                if queue.publish(payload(published), topic: nil, now: .zero) != nil { published += 1 }
            case (4, _) where taken.count < 4:
                lastConsumer += 1
                taken[ConsumerID(number: lastConsumer)] = []
                _ = queue.register(ConsumerID(number: lastConsumer), prefetch: prefetch, now: .zero)
            case (5, let consumer?) where Int.random(in: 0..<4, using: &random) == 0:
                taken[consumer] = nil
                _ = queue.remove([consumer], now: .zero)
            case (6...7, let consumer?):
                if let delivery = queue.take(consumer), let number = delivery.payload.number {
                    taken[consumer]?.append((delivery.tag, number))
                }
            case (8, let consumer?):
                guard let index = taken[consumer]?.indices.randomElement(using: &random),
                    let delivery = taken[consumer]?.remove(at: index)
                else { continue }
                if Bool.random(using: &random) {
                    _ = queue.reject(delivery.tag, by: consumer, requeue: true, now: .zero)
                } else {
                    _ = queue.acknowledge(delivery.tag, by: consumer, now: .zero)
                    #expect(settled.insert(delivery.number).inserted)
                }
            case (9, let consumer?):
                guard let last = taken[consumer]?.randomElement(using: &random) else { continue }
                _ = queue.acknowledge(through: last.tag, by: consumer, now: .zero)
                for delivery in taken[consumer] ?? [] where delivery.tag <= last.tag {
                    #expect(settled.insert(delivery.number).inserted)
                }
                taken[consumer]?.removeAll { $0.tag <= last.tag }
            default: break
            }
            for deliveries in taken.values { #expect(deliveries.count <= prefetch) }
        }
        _ = queue.remove(Set(taken.keys), now: .zero)
        _ = queue.register(first, prefetch: 65_535, now: .zero)
        var rest: [Int] = []
        while let number = queue.take(first)?.payload.number { rest.append(number) }
        #expect(rest == (0..<published).filter { !settled.contains($0) })
        #expect(published > 50)
    }
}
