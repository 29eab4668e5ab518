import Foundation

/// The samples of a WAV file of 16 bits, as ffmpeg writes it.
struct Samples {
    private let data: Data
    private let channels: Int

    init(_ file: URL) throws {
        let file = try Data(contentsOf: file)
        guard let start = file.range(of: Data("data".utf8)), file.count > start.upperBound + 4 else {
            throw TestFailure("not a WAV file of \(file.count) bytes")
        }
        channels = Int(file[22])
        data = Data(file[(start.upperBound + 4)...])
    }

    var count: Int { data.count / 2 / channels }

    /// The first channel, full scale ±1.
    var first: [Float] {
        (0..<count).map {
            let place = $0 * channels * 2 + data.startIndex
            return Float(Int16(bitPattern: UInt16(data[place]) | UInt16(data[place + 1]) << 8)) / 32_768
        }
    }

    /// The largest amplitude of any channel in a stretch.
    func peak(_ range: Range<Int>) -> Int {
        let range = range.clamped(to: 0..<count)
        return stride(from: range.lowerBound * channels * 2, to: range.upperBound * channels * 2, by: 2).reduce(0) {
            max($0, abs(Int(Int16(bitPattern: UInt16(data[$1]) | UInt16(data[$1 + 1]) << 8))))
        }
    }
}
