import Synchronization

/// The pushes of each key, those that wait for audio or for the channel included: as many as a key may have.
///
/// An encoder needs one, and a second while it changes networks. Each push costs a connection, often a thread, and 16 MB
/// at worst.
final class PushPlaces: Sendable {
    /// Of one key.
    static let limit = 4

    private struct Entry {
        let number: UInt64
        let keyID: String
        weak var push: Push?
    }

    private struct State {
        var count: UInt64 = 0
        /// By channel; a key belongs to one.
        var entries: [String: [Entry]] = [:]
    }

    private let state = Mutex(State())

    /// - Returns: a place for one push, which has it until it is over; `nil` when the key has all of its places.
    func enter(_ holder: StreamKeyHolder) -> PushPlace? {
        let number: UInt64? = state.withLock { state in
            let entries = state.entries[holder.channelID, default: []]
            guard entries.count(where: { $0.keyID == holder.keyID }) < Self.limit else { return nil }
            state.count &+= 1
            state.entries[holder.channelID] =
                entries + [Entry(number: state.count, keyID: holder.keyID, push: nil)]
            return state.count
        }
        return number.map { PushPlace(places: self, channelID: holder.channelID, number: $0) }
    }

    /// The pushes of a channel, oldest first.
    func pushes(ofChannel channelID: String) -> [Push] {
        state.withLock { $0.entries[channelID, default: []].compactMap(\.push) }
    }

    fileprivate func occupy(_ place: PushPlace, by push: Push) {
        state.withLock { state in
            guard let index = state.entries[place.channelID]?.firstIndex(where: { $0.number == place.number })
            else { return }
            state.entries[place.channelID]?[index].push = push
        }
    }

    fileprivate func leave(_ place: PushPlace) {
        state.withLock { state in
            state.entries[place.channelID]?.removeAll { $0.number == place.number }
            if state.entries[place.channelID]?.isEmpty == true { state.entries[place.channelID] = nil }
        }
    }
}

/// The place of one push, which is free again when the push is over, or was never made.
final class PushPlace: Sendable {
    fileprivate let channelID: String
    fileprivate let number: UInt64
    private let places: PushPlaces

    fileprivate init(places: PushPlaces, channelID: String, number: UInt64) {
        self.places = places
        self.channelID = channelID
        self.number = number
    }

    deinit { leave() }

    func occupy(_ push: Push) { places.occupy(self, by: push) }

    /// Does nothing the second time.
    func leave() { places.leave(self) }
}
