import Foundation

/// The channel page in headless Chromium, with the Play button pressed and the delay of a listener who wants it steady:
/// PART-HOLD-BACK.
struct BrowserListener {
    /// What `listen.py` prints.
    struct Heard: Decodable {
        var advancedSeconds: Double?
        var listenedSeconds: Double?
        var stalls: Int?
        var delaySeconds: Double?
        var errors: [String]
        var failedRequests: [String]
    }

    private let child: ChildProcess
    private let seconds: Double

    /// Returns when there is sound.
    static func start(_ edge: Distributed.Process, seconds: Double, in scene: Scene) async throws -> BrowserListener {
        let child = try scene.start(
            Products.python,
            [
                Products.repository.appending(path: "Tests/Browser/listen.py").path,
                "http://127.0.0.1:\(edge.http)/demo", "--seconds", "\(seconds)", "--steady",
            ], name: "browser", environment: ["TMPDIR": scene.folder.path], isGroup: true)
        _ = try await eventually("the browser plays", within: 40) { () -> Bool? in
            if let exit = child.exit { throw TestFailure("the browser ended with \(exit): \(child.output)") }
            return child.messages.contains("playing") ? true : nil
        }
        return BrowserListener(child: child, seconds: seconds)
    }

    /// What it heard, once its time is over.
    func result() async throws -> Heard {
        // 1: it broke off. That is for the test to judge.
        let exit = try await child.waitForExit(within: seconds + 30)
        guard exit == .code(0) || exit == .code(1) else { throw TestFailure("the browser ended with \(exit)") }
        return try JSONDecoder().decode(Heard.self, from: Data(child.output.utf8))
    }
}
