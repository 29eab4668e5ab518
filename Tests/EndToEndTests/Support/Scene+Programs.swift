import Foundation

/// The encoders and players that the tests use.
extension Scene {
    /// An encoder that pushes in real time.
    func encoder(
        _ input: URL, _ codec: [String], to output: [String], name: String = "encoder", options: [String] = []
    ) throws -> ChildProcess {
        try start(
            "ffmpeg",
            ["-nostdin", "-hide_banner", "-loglevel", "error", "-re"] + options + ["-i", input.path] + codec + output,
            name: name)
    }

    /// What ffmpeg hears of a playlist, from its first segment to its end or for so long, as a WAV file.
    func record(_ address: String, seconds: Double = 3600, name: String) throws -> (player: ChildProcess, file: URL) {
        let file = file("\(name).wav")
        let player = try start(
            "ffmpeg",
            [
                "-nostdin", "-hide_banner", "-loglevel", "error", "-live_start_index", "0", "-i", address, "-map",
                "0:a:0", "-t", "\(seconds)", "-c:a", "pcm_s16le", "-y", file.path,
            ], name: name)
        return (player, file)
    }
}
