import Persistence
import Synchronization

extension AccountService {
    /// Sums the listeners of all live channels until cancelled.
    func followAudience() async {
        while !Task.isCancelled {
            // While the database is away, the last sum stays.
            if let channels = try? await database.read(StreamProjection.liveChannels) {
                let sum = channels.reduce(0) { $0 + listeners.listeners(ofChannel: String($1)) }
                audience.withLock { $0 = sum }
            }
            try? await Task.sleep(for: ListenerCounting.interval)
        }
    }
}
