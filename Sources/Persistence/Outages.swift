public import Logging
import MessageBus

extension Logger.Level {
    /// For a try that failed and is made again: where the bus or the database is away, whoever watches it tells of that.
    public static func ofTry(_ error: any Error, otherwise level: Logger.Level = .warning) -> Logger.Level {
        let isOutage = (error as? BusError)?.isOutage ?? (error as? SQLError)?.isOutage ?? false
        return isOutage ? .debug : level
    }
}
