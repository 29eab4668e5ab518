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
}
