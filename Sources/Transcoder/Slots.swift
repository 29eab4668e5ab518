import Synchronization

/// The streams that this process has taken, how many more it may, and which of them give way.
///
/// A worker that only stands by is given up for a stream that has none.
final class Slots: Sendable {
    private enum Place {
        /// - Parameter giveUp: nil until the worker runs.
        case standby(giveUp: (@Sendable () -> Void)?)
        case active
        /// It has to go, and is on its way.
        case givenUp
        /// Of a stream without a worker, for which another goes: nobody else takes it.
        case promised
    }

    private enum Need {
        case slot
        /// A standby that can give way is enough.
        case slotOrStandby
        /// The one that goes has gone.
        case promise
    }

    private struct Waiter {
        var need: Need
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        let count: Int
        var places: [String: Place] = [:]
        var waiters: [Waiter] = []

        var hasRoom: Bool { places.count < count }
        var canMakeRoom: Bool {
            hasRoom || places.values.contains { if case .standby = $0 { true } else { false } }
        }

        func isMet(_ waiter: Waiter) -> Bool {
            switch waiter.need {
            case .slot: hasRoom
            case .slotOrStandby: canMakeRoom
            case .promise: places.count <= count
            }
        }

        mutating func takeMet() -> [Waiter] {
            let met = waiters.filter(isMet)
            if !met.isEmpty { waiters = waiters.filter { !isMet($0) } }
            return met
        }
    }

    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(count: max(1, count))) }

    var hasRoom: Bool { state.withLock { $0.hasRoom } }
    /// Whether there is room for a stream without a worker.
    var canMakeRoom: Bool { state.withLock { $0.canMakeRoom } }

    /// Waits until a slot is free; for a stream without a worker, also until one can be made free.
    func waitForRoom(orStandby: Bool) async throws {
        await wait(for: orStandby ? .slotOrStandby : .slot)
        try Task.checkCancellation()
    }

    /// - Returns: whether the slot was taken; not when this process has the stream already.
    func take(_ stream: String, isStandby: Bool) -> Bool {
        state.withLock { state in
            if case .promised? = state.places[stream] {
                guard !isStandby else { return false }
            } else {
                guard state.hasRoom, state.places[stream] == nil else { return false }
            }
            state.places[stream] = isStandby ? .standby(giveUp: nil) : .active
            return true
        }
    }

    /// A stream without a worker comes: a standby gives way if there is no room. Returns when it is gone; its slot is kept
    /// for the stream.
    func makeRoom(for stream: String) async {
        let giveUp: (@Sendable () -> Void)? = state.withLock { state in
            guard !state.hasRoom, state.places[stream] == nil else { return nil }
            for case (let other, .standby(let giveUp)) in state.places {
                state.places[other] = .givenUp
                state.places[stream] = .promised
                return giveUp ?? {}
            }
            return nil
        }
        guard let giveUp else { return }
        giveUp()
        await wait(for: .promise)
    }

    /// The worker of a stream runs.
    /// - Parameter giveUp: ends it.
    func runs(_ stream: String, giveUp: @escaping @Sendable () -> Void) {
        let isGivenUp = state.withLock { state in
            switch state.places[stream] {
            case .standby: state.places[stream] = .standby(giveUp: giveUp)
            case .givenUp: return true
            case .active, .promised, nil: break
            }
            return false
        }
        if isGivenUp { giveUp() }
    }

    /// It is the standby's turn.
    /// - Returns: false for one that was given up.
    func becomesActive(_ stream: String) -> Bool {
        state.withLock { state in
            if case .givenUp? = state.places[stream] { return false }
            state.places[stream] = .active
            return true
        }
    }

    /// - Returns: whether the worker was given up for another stream.
    @discardableResult
    func give(back stream: String) -> Bool {
        let (wasGivenUp, met) = state.withLock { state in
            guard case .givenUp? = state.places.removeValue(forKey: stream) else { return (false, state.takeMet()) }
            return (true, state.takeMet())
        }
        for waiter in met { waiter.continuation.resume() }
        return wasGivenUp
    }

    private func wait(for need: Need) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    let waiter = Waiter(need: need, continuation: continuation)
                    if state.isMet(waiter) || Task.isCancelled { return true }
                    state.waiters.append(waiter)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            // The process ends: nobody waits any more.
            let waiters = state.withLock { state in
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.continuation.resume() }
        }
    }
}
