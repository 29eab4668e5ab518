import AudioTimeline
import FFmpeg
import Foundation

/// Peak and root mean square of each slot, left and right.
struct LevelMeter {
    private struct Sum {
        var peak: Float = 0
        var squares: Float = 0

        mutating func add(_ samples: ArraySlice<Float>) {
            for sample in samples {
                peak = max(peak, abs(sample))
                squares += sample * sample
            }
        }

        func level(count: Int64) -> SlotLevel {
            SlotLevel(peak: Self.step(peak * peak), rms: Self.step(squares / Float(max(1, count))))
        }

        /// Half decibels below full scale of a power: 20·log10(1/√power).
        private static func step(_ power: Float) -> UInt8 {
            guard power > 1e-12 else { return 255 }
            return UInt8(max(0, min(254, (-20 * log10(power)).rounded())))
        }
    }

    private var sums: [Int64: (Sum, Sum)] = [:]

    mutating func add(_ block: StereoBlock, at position: Int64) {
        var offset = 0
        while offset < block.frameCount {
            let slot = (position + Int64(offset)) / Timeline.slotSamples
            let end = min(block.frameCount, Int((slot + 1) * Timeline.slotSamples - position))
            var sum = sums[slot] ?? (Sum(), Sum())
            sum.0.add(block.left[offset..<end])
            sum.1.add(block.right[offset..<end])
            sums[slot] = sum
            offset = end
        }
    }

    /// Takes the slot's levels and forgets all before.
    mutating func take(slot: Int64, count: Int64) -> [SlotLevel] {
        let sum = sums[slot] ?? (Sum(), Sum())
        sums = sums.filter { $0.key > slot }
        return [sum.0.level(count: count), sum.1.level(count: count)]
    }
}
