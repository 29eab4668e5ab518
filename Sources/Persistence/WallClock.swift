public import Events
import Foundation

/// The time of day as the operating system tells it. Passed in where it is needed, so that tests can set it.
public typealias WallClock = @Sendable () -> Timestamp

extension Timestamp {
    /// The system's ``WallClock``.
    public static let systemClock: WallClock = {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }
}
