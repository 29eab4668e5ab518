import Persistence
import Testing

struct PeerReportsTests {
    private typealias Reports = PeerReports<Int>

    private let start = ContinuousClock.now
    private var reports = PeerReports<Int>()

    private func current(after seconds: Int) -> [Int] { reports.current(at: start + .seconds(seconds)).sorted() }

    private mutating func told(_ report: Int, by process: String, after seconds: Int) {
        reports.told(report, by: process, at: start + .seconds(seconds))
    }

    @Test func nothingIsKnownAtFirst() { #expect(current(after: 0).isEmpty) }

    @Test mutating func whoeverFallsSilentWhileOthersAreHeardHasToldNothing() {
        told(1, by: "a", after: 0)
        for second in stride(from: 0, through: 15, by: 5) { told(2, by: "b", after: second) }
        #expect(current(after: 15) == [1, 2])
        told(3, by: "b", after: 20)
        #expect(current(after: 20) == [3])
    }

    /// Anything that is heard shows that the others could be heard.
    @Test mutating func theOnlyOneThatTellsIsForgottenToo() {
        told(1, by: "a", after: 0)
        for second in stride(from: 5, through: 20, by: 5) { reports.heard(at: start + .seconds(second)) }
        #expect(current(after: 20).isEmpty)
    }

    @Test mutating func whatWasToldHoldsWhileNobodyIsHeard() {
        told(1, by: "a", after: 0)
        told(2, by: "b", after: 1)
        #expect(current(after: 121) == [1, 2])
        #expect(current(after: 122).isEmpty)
        // After so long, nothing of it comes back.
        told(3, by: "b", after: 122)
        #expect(current(after: 122) == [3])
    }

    @Test mutating func theOthersHaveTimeToRepeatIt() {
        told(1, by: "a", after: 0)
        told(2, by: "b", after: 0)
        told(2, by: "b", after: 100)
        #expect(current(after: 100) == [1, 2])
        for second in stride(from: 105, through: 115, by: 5) { told(2, by: "b", after: second) }
        #expect(current(after: 115) == [1, 2])
        told(2, by: "b", after: 120)
        #expect(current(after: 120) == [2])
    }

    /// An outage brings nobody back who was gone before.
    @Test mutating func whoeverWasGoneBeforeStaysGone() {
        told(1, by: "a", after: 0)
        for second in stride(from: 5, through: 20, by: 5) { told(2, by: "b", after: second) }
        told(2, by: "b", after: 80)
        #expect(current(after: 80) == [2])
    }

    @Test mutating func processesAreBounded() {
        for number in 0...Reports.maximumProcessCount { told(1, by: "\(number)", after: 0) }
        #expect(current(after: 0).count == Reports.maximumProcessCount)
    }
}
