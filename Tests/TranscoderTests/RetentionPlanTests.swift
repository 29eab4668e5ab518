import Testing

@testable import Transcoder

struct RetentionPlanTests {
    private static let day: Int64 = 24 * 3600 * 1_000_000
    private static let now: Int64 = 1_000 * day

    private func recording(
        _ stream: String, channel: String = "1", daysAgo: Int64, bytes: Int64 = 10, isComplete: Bool = true,
        isRecorded: Bool = true, isAnnounced: Bool = true, isRemoved: Bool = false
    ) -> StoredRecording {
        StoredRecording(
            stream: stream, channelID: channel, byteCount: bytes, start: Self.now - daysAgo * Self.day - 1000,
            end: Self.now - daysAgo * Self.day, isComplete: isComplete, isRecorded: isRecorded,
            isAnnounced: isAnnounced, isRemoved: isRemoved)
    }

    private func plan(_ recordings: [StoredRecording], _ set: (inout RecordingRules) -> Void = { _ in })
        -> RetentionPlan
    {
        var rules = RecordingRules()
        set(&rules)
        return RetentionPlan(recordings, rules: rules, now: Self.now)
    }

    private func names(_ plan: RetentionPlan) -> [String] { plan.removals.map(\.recording.stream) }

    @Test func withoutRulesEverythingStays() {
        let plan = plan([recording("a", daysAgo: 900), recording("b", daysAgo: 0, isComplete: false)])
        #expect(plan.removals == [] && plan.abandoned == [])
    }

    @Test func recordingsGoWhenTheirTimeIsOver() {
        let plan = plan([
            recording("new", daysAgo: 29), recording("old", daysAgo: 31),
            recording("live", daysAgo: 0, isComplete: false),
        ]) { $0.keepFor = .seconds(30 * 24 * 3600) }
        #expect(names(plan) == ["old"])
        #expect(plan.removals.first?.reason == .old)
    }

    /// The window of a stream that is not kept stays for those who rewound in it, and no longer.
    @Test func whatIsNotKeptGoesAfterTheWindow() {
        let streams = [
            recording("over", daysAgo: 1, isRecorded: false),
            recording("live", daysAgo: 0, isComplete: false, isRecorded: false),
            recording("justNow", daysAgo: 0, isRecorded: false),
        ]
        #expect(names(plan(streams)) == ["over"])
        #expect(names(plan(streams) { $0.rewind = .seconds(30 * 3600) }) == [])
    }

    @Test func theOldestGoFirstAndOnlyAsManyAsNeeded() {
        let plan = plan([
            recording("c", daysAgo: 1, bytes: 30), recording("a", daysAgo: 3, bytes: 30),
            recording("b", daysAgo: 2, bytes: 30),
        ]) { $0.quotaBytes = 60 }
        #expect(names(plan) == ["a"])
        #expect(plan.removals.first?.reason == .quota)
    }

    /// What is on the air counts, and stays.
    @Test func aLiveStreamIsNeverRemoved() {
        let plan = plan([
            recording("live", daysAgo: 0, bytes: 500, isComplete: false),
            recording("untold", daysAgo: 5, isAnnounced: false),
            recording("a", daysAgo: 3), recording("window", daysAgo: 0, bytes: 50, isRecorded: false),
        ]) { $0.quotaBytes = 100 }
        #expect(names(plan) == ["a"])
    }

    @Test func channelsHaveQuotasOfTheirOwn() {
        let plan = plan([
            recording("a1", channel: "1", daysAgo: 4, bytes: 60), recording("a2", channel: "1", daysAgo: 3, bytes: 60),
            recording("b1", channel: "2", daysAgo: 9, bytes: 60), recording("c1", channel: "3", daysAgo: 8, bytes: 90),
        ]) {
            $0.channelQuotaBytes = 100
            $0.quotaBytes = 200
        }
        // First within the channel; then, of what is left, the oldest of all.
        #expect(names(plan) == ["a1", "b1"])
        #expect(plan.removals.map(\.reason) == [.channelQuota, .quota])
    }

    @Test func aRemovalThatStoppedHalfWayGoesOn() {
        let plan = plan([recording("half", daysAgo: 0, isRemoved: true)])
        #expect(names(plan) == ["half"])
        #expect(plan.removals.first?.reason == .unfinished)
    }

    @Test func aStreamThatNobodyEndedIsCompletedAfterADay() {
        let plan = plan([
            recording("lost", daysAgo: 2, isComplete: false), recording("live", daysAgo: 0, isComplete: false),
        ])
        #expect(plan.abandoned.map(\.stream) == ["lost"])
        #expect(plan.removals == [])
    }
}
