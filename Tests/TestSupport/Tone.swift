/// What can be told of a pure tone by how often it crosses zero.
public enum Tone {
    /// Periods a second in `samples`; 0 for silence.
    public static func frequency(_ samples: some Collection<Float>, rate: Int) -> Double {
        let loudest = samples.map(abs).max() ?? 0
        guard loudest > 0.001 else { return 0 }
        // Crossings of noise around zero are none.
        let threshold = loudest / 10
        var isHigh: Bool?
        var (periods, first, last) = (-1, 0, 0)
        for (index, sample) in samples.enumerated() {
            if sample > threshold, isHigh != true {
                if isHigh == false {
                    periods += 1
                    if periods == 0 { first = index }
                    last = index
                }
                isHigh = true
            } else if sample < -threshold {
                isHigh = false
            }
        }
        return periods > 0 ? Double(periods * rate) / Double(last - first) : 0
    }

    /// The frequency in each tenth of a second.
    public static func frequencies(_ samples: [Float], rate: Int) -> [Double] {
        stride(from: 0, to: samples.count - rate / 10 + 1, by: rate / 10).map {
            frequency(samples[$0..<($0 + rate / 10)], rate: rate)
        }
    }

    /// How many tenths of a second have the tone, within 3 %.
    public static func tenths(of frequency: Double, in samples: [Float], rate: Int) -> Int {
        frequencies(samples, rate: rate).count { abs($0 - frequency) < frequency * 0.03 }
    }
}
