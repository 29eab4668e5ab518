import Foundation

/// The test signal, and the comparison with what became of it: the tools of `Fixtures/`.
struct Signal: Sendable {
    var file: URL
    var seconds: Double
    var rate: Int

    /// Makes a signal in which every sample can be told from its neighbours.
    static func make(
        in scene: Scene, seconds: Double, rate: Int = 48000, seed: Int = 1
    ) async throws -> Signal {
        let file = scene.file("signal-\(seed)-\(rate)-\(seconds).wav")
        _ = try await scene.run(
            Products.python,
            [
                Products.fixture("make-signal.py").path, file.path, "--seconds", "\(seconds)", "--rate", "\(rate)",
                "--seed", "\(seed)",
            ], name: "make-\(file.lastPathComponent)")
        return Signal(file: file, seconds: seconds, rate: rate)
    }

    /// Compares what was decoded with the signal.
    func compare(_ decoded: URL, in scene: Scene) async throws -> Comparison {
        let child = try scene.start(
            Products.python, [Products.fixture("compare-signal.py").path, file.path, decoded.path],
            name: "compare-\(file.lastPathComponent)-\(decoded.lastPathComponent)")
        let exit = try await child.waitForExit(within: 60)
        // 1: nothing of the signal is found, which the result says too.
        guard exit == .code(0) || exit == .code(1) else { throw TestFailure("not compared: \(child.messages)") }
        return try JSONDecoder().decode(Comparison.self, from: Data(child.output.utf8))
    }
}

/// See `Fixtures/compare-signal.py --help`.
struct Comparison: Decodable, Sendable {
    struct Change: Decodable, Sendable {
        var kind: String
        var samples: Int
        var decodedSample: Int
        var seconds: Double
    }

    var rate: Int
    var referenceSamples: Int
    var decodedSamples: Int
    var lengthDifferenceSamples: Int
    var matchedWindows: Int
    var unmatchedSeconds: [[Double]]
    var firstLagSamples: Int?
    var lastLagSamples: Int?
    var maxLagChangeSamples: Int?
    var droppedOrRepeated: [Change]?
    var snrDb: Double?
    var worstWindowSnrDb: Double?
    var gainDb: Double?

    /// Whether all of the signal that is there is there once, in order and without a hole.
    var isUnbroken: Bool { matchedWindows > 0 && droppedOrRepeated?.isEmpty == true }

    /// Seconds of the signal that were found.
    var matchedSeconds: Double { Double(matchedWindows) * 0.25 }

    /// Stretches without a match that neither begin nor end the decoded file.
    var holes: [[Double]] {
        let end = Double(decodedSamples) / Double(rate)
        return unmatchedSeconds.filter { $0[0] > 0.3 && $0[1] < end - 0.3 }
    }
}
