import NIOCore
import Testing

@testable import MessageBus

struct OutgoingStateTests {
    private func message(_ number: Int, to queue: String = "queue") -> OutgoingMessage {
        OutgoingMessage(
            target: .queue(queue), properties: AMQPProperties(), body: payload(number), concern: .nextSend)
    }

    private func filled(_ count: Int, window: Int) throws -> OutgoingState {
        var state = OutgoingState(maximumMessages: 100, maximumBytes: 1000)
        for number in 0..<count { try state.add(message(number)) }
        while state.submit(window: window) != nil {}
        return state
    }

    private func submittedNumbers(_ state: inout OutgoingState, window: Int) -> [Int?] {
        var numbers: [Int?] = []
        while let next = state.submit(window: window) { numbers.append(next.message.body.number) }
        return numbers
    }

    @Test func windowBoundsWhatIsOnItsWay() throws {
        var state = try filled(10, window: 4)
        #expect(state.submittedCount == 4 && state.hasWaiting)
        let confirmed = state.confirm(2, multiple: true, accepted: true)
        #expect(confirmed.map(\.message.body.number) == [0, 1])
        let numbers = submittedNumbers(&state, window: 4)
        #expect(numbers == [4, 5])
    }

    /// The broker confirms in any order, and what is lost is submitted again in the order in which it was sent.
    @Test func unconfirmedMessagesKeepTheirOrder() throws {
        var state = try filled(10, window: 6)
        _ = state.confirm(2, multiple: false, accepted: true)
        _ = state.confirm(5, multiple: false, accepted: true)
        // Confirmed twice, never given, and long gone.
        for number: UInt64 in [5, 7, 0, .max] {
            let confirmed = state.confirm(number, multiple: false, accepted: true)
            #expect(confirmed.isEmpty)
        }
        state.connectionLost()
        let numbers = submittedNumbers(&state, window: 100)
        #expect(numbers == [0, 2, 3, 5, 6, 7, 8, 9])
        let confirmed = state.confirm(8, multiple: true, accepted: true)
        #expect(confirmed.count == 8)
        #expect(state.isEmpty)
    }

    /// What its sender keeps is left to the sender after a loss, sent or not; everything else keeps its order.
    @Test func whatSendersKeepIsNotSubmittedAgain() throws {
        var state = OutgoingState(maximumMessages: 100, maximumBytes: 1000)
        for number in 0..<6 {
            let isKept = number.isMultiple(of: 2)
            try state.add(
                OutgoingMessage(
                    target: .queue("queue"), properties: AMQPProperties(), body: payload(number),
                    concern: isKept ? .nextSendOfKeeper : .nextSend))
        }
        _ = submittedNumbers(&state, window: 3)
        #expect(state.losses == 0)
        state.connectionLost()
        state.reconnected()
        #expect(state.losses == 1)
        let numbers = submittedNumbers(&state, window: 100)
        #expect(numbers == [1, 3, 5])
        _ = state.confirm(3, multiple: true, accepted: true)
        #expect(state.isEmpty)
    }

    @Test func confirmationsOfEverythingWork() throws {
        var state = try filled(3, window: 10)
        let confirmed = state.confirm(.max, multiple: true, accepted: true)
        #expect(confirmed.count == 3)
        #expect(state.isEmpty)
    }

    /// Both bounds count what is submitted as well, until it is confirmed.
    @Test func outgoingMessagesAreBounded() throws {
        var state = OutgoingState(maximumMessages: 2, maximumBytes: 1000)
        try state.add(message(0))
        try state.add(message(1))
        _ = state.submit(window: 10)
        #expect(throws: BusError.full("queue")) { try state.add(message(2)) }
        _ = state.confirm(1, multiple: false, accepted: true)
        try state.add(message(2))

        var small = OutgoingState(maximumMessages: 100, maximumBytes: 3)
        for number in 0..<3 { try small.add(message(number)) }
        #expect(throws: BusError.full("queue")) { try small.add(message(3)) }
        try small.add(message(3), isBounded: false)
        _ = small.submit(window: 10)
        _ = small.confirm(1, multiple: false, accepted: true)
        #expect(throws: BusError.full("queue")) { try small.add(message(4)) }
    }

    /// A later refusal is told once, to the next one who sends to the same queue.
    @Test func refusalsAreToldToTheNextSend() throws {
        var state = try filled(3, window: 10)
        state.markReturned(1)
        let returned = state.confirm(1, multiple: false, accepted: true)
        #expect(returned.first?.refusal == .noSuchQueue("queue"))
        try state.add(message(9, to: "other"))
        #expect(throws: BusError.noSuchQueue("queue")) { try state.add(message(3)) }
        try state.add(message(3))
        let refused = state.confirm(2, multiple: false, accepted: false)
        #expect(refused.first?.refusal == .full("queue"))
        state.forgetRefusal(of: .queue("queue"))
        try state.add(message(4))
    }

    @Test func closedStateRefusesUntilItIsOpened() throws {
        var state = try filled(5, window: 2)
        let given = state.close(.disconnected("x"))
        #expect(given.map(\.body.number) == [0, 1, 2, 3, 4])
        #expect(throws: BusError.disconnected("x")) { try state.add(message(5)) }
        state.open()
        #expect(throws: BusError.disconnected("x")) { try state.add(message(5)) }
        try state.add(message(5))
        _ = state.close(.shutDown)
        state.open()
        #expect(throws: BusError.shutDown) { try state.add(message(6)) }
    }
}

struct UnsettledTagsTests {
    @Test func eachDeliveryIsSettledOnce() {
        var tags = UnsettledTags()
        for tag: UInt64 in 1...10 { tags.add(tag) }
        let single = [3, 3, 11, 0, 5].map { tags.settle($0) }
        #expect(single == [true, false, false, false, true])
        // 5 is settled already: the last one that is not is named instead.
        let through = [5, 5, .max].map { tags.settle(through: $0) }
        #expect(through == [4, nil, 10])
        tags.add(11)
        let last = (tags.settle(through: 10), tags.settle(11))
        #expect(last == (nil, true))
    }
}
