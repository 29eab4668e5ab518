/// When a request is tried again, and how long after.
struct S3Retry: Sendable {
    /// Tries in all.
    var attempts = 4
    var firstPause = Duration.milliseconds(100)
    var longestPause = Duration.seconds(5)

    /// Pauses double; each is drawn from the upper half, so that many that failed together do not come back together.
    /// - Parameters:
    ///   - attempt: the one that failed, from 1.
    ///   - random: from 0 to 1.
    /// - Returns: nil when it was the last.
    func pause(after attempt: Int, random: Double) -> Duration? {
        guard attempt < attempts else { return nil }
        let doubled = firstPause * (1 << min(16, attempt - 1))
        return min(doubled, longestPause) * (0.5 + random / 2)
    }

    /// Whether an answer tells of a state that passes.
    static func isTransient(status: Int, code: String?) -> Bool {
        if let code, ["RequestTimeout", "SlowDown", "InternalError", "ServiceUnavailable"].contains(code) {
            return true
        }
        return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 507)
    }
}
