import Foundation

/// The library of `Tests/FaultInjection`, built for one test: with it in its environment a server meets what a real
/// machine does once a year.
struct FaultInjection {
    let environment: [String: String]
    private let flag: URL

    /// - Parameter secondsFast: by how much the wall clock of the server is wrong.
    static func build(in scene: Scene, diskFolder: URL, secondsFast: Int = 0) async throws -> FaultInjection {
        let library = scene.file("faults.so")
        // Swift comes with a C compiler, beside `swift`.
        let source = Products.repository.appending(path: "Tests/FaultInjection/faults.c").path
        _ = try await scene.run(
            "bash",
            [
                "-c",
                "\"$(dirname \"$(realpath \"$(command -v swift)\")\")/clang\" -shared -fPIC -o \"$1\" \"$2\" -ldl",
                "bash", library.path, source,
            ], name: "compile-faults")
        let flag = scene.file("disk-is-full")
        return FaultInjection(
            environment: [
                "LD_PRELOAD": library.path, "FAULT_DISK_FULL": flag.path, "FAULT_DISK_FOLDER": diskFolder.path,
                "FAULT_CLOCK_SECONDS": "\(secondsFast)",
            ], flag: flag)
    }

    func fillDisk() throws { try Data().write(to: flag) }

    func makeRoom() throws { try FileManager.default.removeItem(at: flag) }

    /// Puts the marker that crashes a decoder into the payload of one frame of an ADTS file.
    static func poison(_ file: URL, atFrame number: Int) throws {
        var bytes = try Data(contentsOf: file)
        var start = 0
        for _ in 0..<number { start += length(ofFrameAt: start, in: bytes) }
        let marker = Data("TWITCHY-POISON".utf8)
        guard length(ofFrameAt: start, in: bytes) > 7 + marker.count else { throw TestFailure("too short a frame") }
        bytes.replaceSubrange(start + 7..<start + 7 + marker.count, with: marker)
        try bytes.write(to: file)
    }

    /// ISO/IEC 14496-3 §1.A.2.2.
    private static func length(ofFrameAt start: Int, in bytes: Data) -> Int {
        Int(bytes[start + 3] & 3) << 11 | Int(bytes[start + 4]) << 3 | Int(bytes[start + 5]) >> 5
    }
}
