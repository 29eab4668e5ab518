import Testing

@testable import Ingest

struct WorkerWaitTests {
    /// A stream that nobody takes is told once, and once that somebody has.
    @Test func aWaitIsToldOnce() {
        let start = ContinuousClock.now
        var wait = WorkerWait(patience: .seconds(5))
        func note(_ hasWorker: Bool, _ second: Int) -> WorkerWait.Change? {
            wait.note(hasWorker: hasWorker, at: start + .seconds(second))
        }
        #expect(note(false, 0) == nil && note(false, 4) == nil && note(true, 5) == nil)
        #expect(note(false, 6) == nil && note(false, 10) == nil)
        #expect(note(false, 11) == .tooLong && note(false, 12) == nil && note(false, 60) == nil)
        #expect(note(true, 61) == .over && note(true, 62) == nil)
        #expect(note(false, 63) == nil && note(false, 68) == .tooLong)
    }

    /// Workers that were cut off from the bus need time to come back to it.
    @Test func theTimeWithoutABusDoesNotCount() {
        let start = ContinuousClock.now
        var wait = WorkerWait(patience: .seconds(5))
        #expect(wait.note(hasWorker: false, at: start) == nil)
        wait.busWasAway()
        #expect(wait.note(hasWorker: false, at: start + .seconds(60)) == nil)
        #expect(wait.note(hasWorker: false, at: start + .seconds(64)) == nil)
        #expect(wait.note(hasWorker: false, at: start + .seconds(65)) == .tooLong)
        wait.busWasAway()
        #expect(wait.note(hasWorker: false, at: start + .seconds(90)) == nil, "it is told already")
        #expect(wait.note(hasWorker: true, at: start + .seconds(91)) == .over)
    }
}
