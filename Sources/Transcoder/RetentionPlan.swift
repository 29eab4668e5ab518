/// What the rules know of a stream in the store.
struct StoredRecording: Sendable, Equatable {
    var stream: String
    var channelID: String
    var byteCount: Int64
    /// Microseconds since 1970.
    var start: Int64
    var end: Int64
    var isComplete: Bool
    var isRecorded: Bool
    var isAnnounced: Bool
    var isRemoved: Bool
}

extension [StoredRecording] {
    /// Of all of them, as far as a number goes: what indices say need not be true.
    var byteCount: Int64 {
        reduce(0) { sum, recording in
            let (total, overflow) = sum.addingReportingOverflow(recording.byteCount)
            return overflow ? .max : total
        }
    }
}

/// What is to be done by the rules. A value: what is stored and the time in, decisions out.
struct RetentionPlan: Sendable, Equatable {
    enum Reason: String, Sendable {
        case notRecorded = "its channel does not record"
        case old = "older than --keep-recordings"
        case channelQuota = "over --channel-quota"
        case quota = "over --recording-quota"
        case unfinished = "its removal was not finished"
    }

    struct Removal: Sendable, Equatable {
        var recording: StoredRecording
        var reason: Reason
    }

    /// In the order in which they are to go.
    var removals: [Removal] = []
    /// Streams that stopped long ago without an end: nobody will complete them any more.
    var abandoned: [StoredRecording] = []

    /// Far longer than the log keeps anything, so that no writer comes back to it.
    static let abandonedAfter: Int64 = 24 * 3600 * 1_000_000

    /// - Parameter now: microseconds since 1970.
    init(_ recordings: [StoredRecording], rules: RecordingRules, now: Int64) {
        var kept: [StoredRecording] = []
        for recording in recordings.sorted(by: Self.isOlder) {
            if let reason = Self.reason(recording, rules, now) {
                removals.append(Removal(recording: recording, reason: reason))
            } else {
                if !recording.isComplete, recording.end < now - Self.abandonedAfter { abandoned.append(recording) }
                kept.append(recording)
            }
        }
        if let quota = rules.channelQuotaBytes {
            for channel in Set(kept.map(\.channelID)).sorted() where !channel.isEmpty {
                shrink(&kept, to: quota, .channelQuota) { $0.channelID == channel }
            }
        }
        if let quota = rules.quotaBytes { shrink(&kept, to: quota, .quota) { _ in true } }
    }

    private static func isOlder(_ first: StoredRecording, _ second: StoredRecording) -> Bool {
        (first.start, first.stream) < (second.start, second.stream)
    }

    private static func reason(_ recording: StoredRecording, _ rules: RecordingRules, _ now: Int64) -> Reason? {
        if recording.isRemoved { return .unfinished }
        guard recording.isComplete else { return nil }
        if !recording.isRecorded { return recording.end < now - rules.rewind.microseconds ? .notRecorded : nil }
        if let keepFor = rules.keepFor, recording.end < now - keepFor.microseconds { return .old }
        return nil
    }

    /// The oldest go first, never what is on the air, and nothing that was not told of yet.
    private mutating func shrink(
        _ kept: inout [StoredRecording], to quota: Int64, _ reason: Reason, where isCounted: (StoredRecording) -> Bool
    ) {
        var total = kept.filter(isCounted).byteCount
        kept.removeAll { recording in
            let mayGo = recording.isComplete && recording.isRecorded && recording.isAnnounced
            guard total > quota, isCounted(recording), mayGo else { return false }
            total -= recording.byteCount
            removals.append(Removal(recording: recording, reason: reason))
            return true
        }
    }
}

extension Duration {
    fileprivate var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
