import AudioTimeline
import FFmpeg
import TestSupport

extension CommandLineFFmpeg {
    /// Encodes tones of one length, one after the other.
    static func tones(_ frequencies: [Int], seconds: Double = 1, _ arguments: String) throws -> [UInt8] {
        let inputs = frequencies.flatMap {
            ["-f", "lavfi", "-i", "sine=frequency=\($0):duration=\(seconds):sample_rate=48000"]
        }
        let chain = ["-filter_complex", "concat=n=\(frequencies.count):v=0:a=1,volume=6"]
        return try run(inputs + chain + arguments.split(separator: " ").map(String.init), input: [])
    }
}

extension Demuxed {
    /// How many tenths of a second of all legs have the tone.
    func tenths(of frequency: Double) throws -> Int {
        try configurations.indices.reduce(0) { sum, leg in
            let (channels, _, formats) = try decode(leg: leg)
            guard let samples = channels.first, let format = formats.first else { return sum }
            return sum + Tone.tenths(of: frequency, in: samples, rate: format.sampleRate)
        }
    }
}
