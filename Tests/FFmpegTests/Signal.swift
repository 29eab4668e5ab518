import FFmpeg
import TestSupport

/// A chirp over seeded noise: its correlation with itself has one sharp peak.
struct Signal {
    var left: [Float] = []
    var right: [Float] = []

    init(count: Int, rate: Int = 48_000, seed: UInt64 = 1, highest: Float = 8_000) {
        var generator = SplitMix64(seed: seed)
        var phase: Float = 0
        left.reserveCapacity(count)
        right.reserveCapacity(count)
        for index in 0..<count {
            // The frequency goes up and down, 0.9 s each way.
            let time = Float(index) / Float(rate)
            let sweep = time.truncatingRemainder(dividingBy: 1.8) / 0.9
            phase += 2 * .pi * (100 + (sweep < 1 ? sweep : 2 - sweep) * highest) / Float(rate)
            if phase > 2 * .pi { phase -= 2 * .pi }
            left.append(0.4 * sine(phase) + 0.05 * generator.noise())
            right.append(0.3 * sine(phase) + 0.1 * generator.noise())
        }
    }

    var block: StereoBlock { StereoBlock(left: left, right: right) }

    func block(rate: Int, from start: Int = 0) -> PCMBlock {
        let channels = [Array(left[start...]), Array(right[start...])]
        return PCMBlock(format: PCMFormat(sampleRate: rate, layout: .stereo), channels: channels)
    }
}

extension SplitMix64 {
    mutating func noise() -> Float { Float(next() >> 40) / Float(1 << 23) - 1 }
}

/// The lag at which `heard` is most like `sent`: heard[n + lag] ≈ sent[n].
func lag(of heard: [Float], behind sent: [Float], within range: ClosedRange<Int> = -64...64) -> Int {
    let first = max(0, -range.lowerBound)
    let available = min(sent.count, heard.count) - first - max(0, range.upperBound)
    precondition(available > 1000, "too little to compare")
    // A quarter of a second of a chirp is not like any other.
    let count = min(available, 12_000)
    var best = (lag: 0, sum: -Float.infinity)
    for lag in range {
        var sum: Float = 0
        for index in first..<(first + count) { sum += sent[index] * heard[index + lag] }
        if sum > best.sum { best = (lag, sum) }
    }
    return best.lag
}

/// Signal to error, in decibels.
func signalToError(_ heard: ArraySlice<Float>, _ sent: ArraySlice<Float>) -> Double {
    precondition(heard.count == sent.count && !sent.isEmpty)
    var (signal, error) = (0.0, 1e-30)
    for (one, other) in zip(heard, sent) {
        signal += Double(other) * Double(other)
        error += Double(one - other) * Double(one - other)
    }
    return 10 * logarithm10(signal / error)
}
