import Foundation
import HLS
import NIOCore
import Testing

/// The Python package `m3u8` reads what this module writes.
///
/// `TWITCHY_TEST_PYTHON` names a Python interpreter that has it.
struct IndependentParserTests {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private static let script = """
        import json, m3u8, sys
        playlist = m3u8.loads(sys.stdin.read())
        print(json.dumps(playlist.data, default=lambda value: value.isoformat()))
        """

    /// What the package makes of a text.
    private func read(_ text: String) throws -> [String: Any] {
        guard let python = ProcessInfo.processInfo.environment["TWITCHY_TEST_PYTHON"] else {
            throw Failure(
                description: "set TWITCHY_TEST_PYTHON to a Python with the package m3u8: "
                    + "python3 -m venv DIR && DIR/bin/pip install m3u8, then TWITCHY_TEST_PYTHON=DIR/bin/python"
            )
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", Self.script]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        // The texts here are far smaller than a pipe holds, so writing cannot block.
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(python) could not read the playlist; has it the package m3u8?")
        }
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func readsALivePlaylist() throws {
        var stream = LiveStream()
        stream.addSegments(9)
        stream.close(isDiscontinuity: true)
        stream.addSegments(1)
        stream.addPart()
        stream.addPart()
        stream.playlist.dateRanges = [
            DateRange(
                id: "np-1",
                className: "now",
                startDateMilliseconds: 1_777_639_696_789,
                endsOnNext: true,
                attributes: [.init(name: "X-TITLE", value: .string("A, \"B\" = C"))]
            )
        ]
        stream.playlist.renditionReports = [.init(uri: "../b/live.m3u8", lastMediaSequence: 110, lastPart: 1)]
        let data = try read(stream.playlist.text)
        #expect(data["media_sequence"] as? Int == 100)
        #expect(data["discontinuity_sequence"] as? Int == 0)
        #expect(data["targetduration"] as? Int == 2)
        #expect(data["version"] as? Int == 6)
        #expect(data["is_endlist"] as? Bool == false)
        let control = try #require(data["server_control"] as? [String: Any])
        #expect(control["can_block_reload"] as? String == "YES")
        #expect(control["can_skip_until"] as? Double == 12)
        #expect(control["part_hold_back"] as? Double == 0.576)
        #expect((data["part_inf"] as? [String: Any])?["part_target"] as? Double == 0.192)
        let hint = try #require(data["preload_hint"] as? [String: Any])
        #expect(hint["type"] as? String == "PART")
        #expect(hint["uri"] as? String == "2-110.2.m4s")
        let reports = try #require(data["rendition_reports"] as? [[String: Any]])
        #expect(reports.count == 1)
        #expect(reports[0]["last_msn"] as? Int == 110)
        #expect(reports[0]["last_part"] as? Int == 1)

        let segments = try #require(data["segments"] as? [[String: Any]])
        let whole = segments.filter { $0["uri"] != nil }
        #expect(whole.compactMap { $0["uri"] as? String } == stream.playlist.segments.map(\.uri))
        #expect(whole.allSatisfy { $0["duration"] as? Double == 1.92 })
        #expect(whole.map { $0["discontinuity"] as? Bool == true } == stream.playlist.segments.map(\.isDiscontinuity))
        #expect(whole[9]["program_date_time"] as? String == "2026-05-01T12:48:34.069000+00:00")
        let maps = whole.compactMap { ($0["init_section"] as? [String: Any])?["uri"] as? String }
        #expect(maps == Array(repeating: "init-1.mp4", count: 9) + ["init-2.mp4"])
        let parts = segments.flatMap { $0["parts"] as? [[String: Any]] ?? [] }
        // The third segment from the end begins 6.144 s from it, beyond three target durations.
        #expect(parts.count == 2 * 10 + 2)
        #expect(parts.allSatisfy { $0["duration"] as? Double == 0.192 && $0["independent"] as? String == "YES" })
    }

    @Test func readsADelta() throws {
        var stream = LiveStream()
        stream.addSegments(20)
        let data = try read(stream.playlist.skipping(.segments).text)
        #expect((data["skip"] as? [String: Any])?["skipped_segments"] as? Int == 13)
        #expect(data["media_sequence"] as? Int == 100)
        #expect(data["version"] as? Int == 9)
        #expect((data["segments"] as? [[String: Any]])?.filter { $0["uri"] != nil }.count == 7)
    }

    @Test func readsARecording() throws {
        let segment = Segment(uri: "1-0.m4s", durationSamples: 92_160, dateMilliseconds: 0, map: "init-1.mp4")
        let playlist = MediaPlaylist(
            kind: .videoOnDemand,
            targetDurationSeconds: 2,
            segments: [segment, segment],
            isEnded: true
        )
        let data = try read(playlist.text)
        #expect(data["playlist_type"] as? String == "vod")
        #expect(data["is_endlist"] as? Bool == true)
        #expect((data["segments"] as? [[String: Any]])?.count == 2)
    }

    @Test func readsAMultivariantPlaylist() throws {
        var buffer = ByteBuffer()
        MultivariantPlaylist(variants: [
            .init(uri: "a/live.m3u8", bandwidth: 72_000, averageBandwidth: 70_000, codecs: ["mp4a.40.2"]),
            .init(uri: "b/live.m3u8", bandwidth: 144_000, codecs: ["opus"]),
        ]).write(into: &buffer)
        let data = try read(String(buffer: buffer))
        #expect(data["is_variant"] as? Bool == true)
        #expect(data["is_independent_segments"] as? Bool == true)
        let variants = try #require(data["playlists"] as? [[String: Any]])
        #expect(variants.map { $0["uri"] as? String } == ["a/live.m3u8", "b/live.m3u8"])
        let information = variants.compactMap { $0["stream_info"] as? [String: Any] }
        #expect(information.map { $0["bandwidth"] as? Int } == [72_000, 144_000])
        #expect(information.map { $0["codecs"] as? String } == ["mp4a.40.2", "opus"])
    }
}
