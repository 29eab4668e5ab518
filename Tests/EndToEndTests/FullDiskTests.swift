import Foundation
import Testing

/// A server whose data lie on a disk that is full.
@Suite(.heavy) struct FullDiskTests {
    /// Ingest cannot keep its leases and accounts take nothing: not ready, and again as soon as there is room. Whoever
    /// listens goes on meanwhile.
    @Test func readinessFollowsTheDisk() async throws {
        try await Scene.run { scene in
            try await SmallDisk.with(in: scene) { disk in
                let server = try await TwitchyServer.start(
                    in: scene, data: disk.folder.appending(path: "data"), options: ["--ladder", "aac:64"],
                    environment: disk.environment)
                let signal = try await Signal.make(in: scene, seconds: 180)
                _ = try scene.encoder(
                    signal.file, ["-c:a", "aac"], to: ["-f", "flv", server.rtmpAddress(key: "demo-key")])
                let stream = try await server.stream("demo")
                _ = try await eventually("the server is ready", within: 20) {
                    try await server.admin.get("/readyz").status == 200 ? true : nil
                }
                for round in 1...2 {
                    try disk.fill()
                    let refused = try await eventually("not ready on a full disk", within: 40) {
                        let answer = try await server.admin.get("/readyz")
                        guard answer.status == 503 else { return nil as Checks? }
                        let report = try JSONDecoder().decode(Checks.self, from: answer.body)
                        return report.checks["store"]?.state == "degraded" ? report : nil
                    }
                    #expect(refused.checks["database.ingest"]?.state == "failed", "\(refused)")
                    let live = try MediaPlaylistText(try await server.http.get(stream.live("aac-64")).text)
                    _ = try await eventually("listening goes on", within: 10) {
                        let now = try MediaPlaylistText(try await server.http.get(stream.live("aac-64")).text)
                        return now.next.sequence > live.next.sequence ? true : nil
                    }
                    try disk.makeRoom()
                    _ = try await eventually("ready again", within: 40) {
                        try await server.admin.get("/readyz").status == 200 ? true : nil
                    }
                    func told(_ what: String) -> Int {
                        server.log.count {
                            $0.message == "The database \(what)" && $0["database"]?.contains("ingest") == true
                        }
                    }
                    // As soon as it has worked for a while; then the next outage is another.
                    _ = try await eventually("the end is told", within: 60) {
                        told("works again") == round ? true : nil
                    }
                    #expect(told("fails") == round, "an outage is one line")
                }
                #expect(server.process.isRunning)
            }
        }
    }

    private struct Checks: Decodable {
        struct Check: Decodable {
            var state: String
            var reason: String?
        }

        var checks: [String: Check]
    }
}

/// A disk that can be filled: a small tmpfs where these tests may mount one, otherwise a folder to which a library in
/// the server writes nothing any more.
private struct SmallDisk {
    let folder: URL
    let environment: [String: String]
    private let injection: FaultInjection?
    private var filler: URL { folder.appending(path: "filler") }

    static func with(in scene: Scene, _ body: (SmallDisk) async throws -> Void) async throws {
        let folder = scene.file("disk")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let mount = try scene.start(
            "mount", ["-t", "tmpfs", "-o", "size=48m", "tmpfs", folder.path], name: "mount")
        guard try await mount.waitForExit(within: 10) == .code(0) else {
            let injection = try await FaultInjection.build(in: scene, diskFolder: folder)
            return try await body(SmallDisk(folder: folder, environment: injection.environment, injection: injection))
        }
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(SmallDisk(folder: folder, environment: [:], injection: nil)))
        } catch {
            outcome = .failure(error)
        }
        // Lazily: the server still has files open there.
        _ = try await scene.run("umount", ["--lazy", folder.path], name: "umount")
        try outcome.get()
    }

    func fill() throws {
        if let injection { return try injection.fillDisk() }
        guard FileManager.default.createFile(atPath: filler.path, contents: nil) else { throw POSIXError(.EIO) }
        let file = try FileHandle(forWritingTo: filler)
        // Until nothing more fits, to the last page.
        for size in [1 << 20, 4096] {
            while (try? file.write(contentsOf: Data(count: size))) != nil {}
        }
        try file.close()
    }

    func makeRoom() throws {
        if let injection { return try injection.makeRoom() }
        try FileManager.default.removeItem(at: filler)
    }
}
