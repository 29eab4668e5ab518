import AudioTimeline
import Testing

@testable import Ingest

struct TakenBatchesTests {
    private func batch(_ sequence: UInt64) -> SourceBatch {
        SourceBatch(epoch: 1, sequence: sequence, epochDateMicroseconds: 0, leg: nil, items: [])
    }

    /// A bus that cannot lose anything costs no memory.
    @Test func nothingIsKeptForABusThatKeepsAll() {
        var taken = TakenBatches()
        #expect(taken.lost(at: nil, besides: 0) == nil)
        for sequence in 0..<5 { taken.add(batch(UInt64(sequence))) }
        #expect(taken.lost(at: nil, besides: 0) == nil)
        #expect(taken.lost(at: 1, besides: 0) == nil)
        #expect(taken.lost(at: 2, besides: 0) == nil)
    }

    @Test func eachLossBringsTheLastHalfMinuteOnce() {
        var taken = TakenBatches()
        #expect(taken.lost(at: 4, besides: 0) == nil)
        for sequence in 0..<500 {
            #expect(taken.lost(at: 4, besides: 0) == nil)
            taken.add(batch(UInt64(sequence)))
        }
        #expect(taken.lost(at: 5, besides: 20)?.map(\.sequence) == (200..<500).map { UInt64($0) })
        #expect(taken.lost(at: 5, besides: 0) == nil)
        #expect(taken.lost(at: 6, besides: 0) == nil, "what is sent again is added again")
    }

    /// The batches that wait are newer: the others make room for them.
    @Test func waitingBatchesComeFirst() {
        var taken = TakenBatches()
        _ = taken.lost(at: 0, besides: 0)
        taken.add(batch(0))
        #expect(taken.lost(at: 1, besides: 1000) == [])
    }
}
