import Foundation

/// A channel on the air with every role as a process of its own.
struct Site {
    /// Sends nothing but what an encoder of AAC makes without choices of its own.
    private static let codec = ["-c:a", "aac", "-b:a", "256k"]

    let servers: Distributed
    let accounts: Distributed.Process
    let ingest: Distributed.Process
    var origins: [Distributed.Process] = []
    var workers: [Distributed.Process] = []

    var scene: Scene { servers.scene }
    var origin: Distributed.Process { origins[0] }

    static func start(
        on servers: Distributed, workers: Int = 2, origins: Int = 1, environment: [String: String] = [:]
    ) async throws -> Site {
        var site = Site(
            servers: servers, accounts: try await servers.start("accounts", name: "accounts", options: ["--demo"]),
            ingest: try await servers.start("ingest", name: "ingest"))
        for number in 0..<origins {
            site.origins.append(
                try await servers.start("origin", name: "origin-\(number + 1)", environment: environment))
        }
        for number in 0..<workers {
            site.workers.append(
                try await servers.start("transcoder", name: "worker-\(number + 1)", environment: environment))
        }
        return site
    }

    /// nginx in front of all, with the page; returns what is open to the public.
    func startEdge() async throws -> Distributed.Process {
        try await servers.startEdge(
            accounts: accounts, ingest: ingest, web: try await servers.start("web", name: "web"), origins: origins)
    }

    var rtmpAddress: String { "rtmp://127.0.0.1:\(ingest.rtmp)/live/demo-key" }

    func push(_ signal: Signal, name: String = "encoder") throws -> ChildProcess {
        try scene.encoder(signal.file, Self.codec, to: ["-f", "flv", rtmpAddress], name: name)
    }

    /// The stream of the channel demo, once a player can start at the first origin.
    func stream() async throws -> TwitchyServer.Stream { try await servers.stream(at: origin) }

    /// The worker that has the say.
    func activeWorker() throws -> Int {
        guard let active = workers.indices.max(by: { workers[$0].generation < workers[$1].generation }),
            workers[active].generation > 0
        else { throw TestFailure("no worker has taken the stream") }
        return active
    }

    func decode(_ heard: LowLatencyListener.Heard) async throws -> URL {
        let media = scene.file("heard.mp4")
        try (heard.initialization + heard.parts.map(\.bytes).reduce(Data(), +)).write(to: media)
        let wave = scene.file("heard.wav")
        _ = try await scene.run(
            "ffmpeg", ["-nostdin", "-loglevel", "error", "-i", media.path, "-c:a", "pcm_s16le", "-y", wave.path],
            name: "decode")
        return wave
    }

    /// The recording of the stream, once it is complete, as the origin gives it, in a WAV file.
    func recording(_ stream: TwitchyServer.Stream, within seconds: Double = 30) async throws -> URL {
        let folder = "/hls/demo/recordings/\(stream.identifier)"
        _ = try await eventually("the recording is complete", within: seconds, every: 0.2) {
            try await origin.publicHTTP.get("\(folder)/aac-256/vod.m3u8").text.contains("#EXT-X-ENDLIST") ? true : nil
        }
        let recorder = try scene.record("http://127.0.0.1:\(origin.http)\(folder)/master.m3u8", name: "recorder")
        try await recorder.player.waitForSuccess(within: 30)
        return recorder.file
    }
}

extension Distributed.Process {
    /// The newest generation of a stream that this worker has the say in, 0 for none.
    var generation: Int {
        child.log.filter { $0.message == "Stream taken" }.compactMap { $0["generation"].flatMap { Int($0) } }
            .max() ?? 0
    }

    /// Waits until this worker has the say.
    func takesOver(after generation: Int, within seconds: Double = 10) async throws -> Int {
        try await eventually("a standby takes over", within: seconds) {
            let new = self.generation
            return new > generation ? new : nil
        }
    }
}
