import AudioTimeline
import Testing

@testable import Ingest

struct TakenBatchesTests {
    private func batch(_ sequence: UInt64) -> SourceBatch {
        SourceBatch(
            epoch: 1, sequence: sequence, epochDateMicroseconds: 0, leg: nil,
            items: [.silence(start: Int64(sequence) * 4608, length: 4608)])
    }

    /// A bus that cannot lose anything costs no memory.
    @Test func nothingIsKeptForABusThatKeepsAll() {
        var taken = TakenBatches()
        #expect(taken.lost(at: nil) == nil)
        for sequence in 0..<5 { taken.add(batch(UInt64(sequence))) }
        #expect(taken.lost(at: nil) == nil)
        #expect(taken.lost(at: 1) == nil)
        #expect(taken.lost(at: 2) == nil)
    }

    /// Silence stands for what is older.
    @Test func eachLossBringsTheLastHalfMinuteOnce() throws {
        var taken = TakenBatches()
        #expect(taken.lost(at: 4) == nil)
        for sequence in 0..<500 {
            #expect(taken.lost(at: 4) == nil)
            taken.add(batch(UInt64(sequence)))
        }
        let found = taken.lost(at: 5)
        let lost = try #require(found)
        #expect(lost.map(\.sequence) == (180..<500).map { UInt64($0) })
        #expect(lost[0].items == [.silence(start: 179 * 4608, length: 4608)] + batch(180).items)
        #expect(lost[1] == batch(181))
        #expect(taken.lost(at: 5) == nil)
        #expect(taken.lost(at: 6) == nil, "what is sent again is added again")
    }
}
