import AudioTimeline
import FFmpeg
import Foundation
import Synchronization

/// What a successor encodes before it has caught up: the sound before the first slot that is missing, and that slot.
///
/// It is held until it is whole, so that the renditions can be encoded side by side: listeners wait for the slowest of
/// them instead of for all in turn.
struct WarmUp {
    private let start: Int64
    private let end: Int64
    private var held = StereoBlock()

    init(from start: Int64, until end: Int64) {
        self.start = start
        self.end = end
    }

    var isWhole: Bool { start + Int64(held.frameCount) >= end }

    mutating func append(_ block: StereoBlock) {
        held.left += block.left
        held.right += block.right
    }

    /// Returns when all tracks are done; the last one is encoded on this thread.
    func encode(with tracks: [RenditionTrack]) throws {
        guard !held.isEmpty, let last = tracks.last else { return }
        let others = tracks.dropLast()
        let failure = Mutex<(any Error)?>(nil)
        let done = DispatchSemaphore(value: 0)
        for track in others {
            // A track belongs to one thread at a time: to this one again after the wait below.
            nonisolated(unsafe) let track = track
            let thread = Thread { [start, held] in
                do {
                    try track.encode(held, at: start)
                } catch {
                    failure.withLock { $0 = error }
                }
                done.signal()
            }
            thread.name = "warm-up"
            thread.stackSize = 1 << 20
            thread.start()
        }
        let ownResult = Result { try last.encode(held, at: start) }
        for _ in others { done.wait() }
        if let error = failure.withLock({ $0 }) { throw error }
        try ownResult.get()
    }
}
