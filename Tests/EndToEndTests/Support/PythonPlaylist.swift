import Foundation

/// What the Python package m3u8 reads in a playlist.
struct PythonPlaylist: Decodable {
    var variants: Int
    var codecs: [String]
    var bandwidths: [Int]
    var targetDuration: Double?
    var partTarget: Double?
    var segmentCount: Int
    var durationSeconds: Double
    var isEnded: Bool

    var isRising: Bool { zip(bandwidths, bandwidths.dropFirst()).allSatisfy { $0 < $1 } }

    private static let script = """
        import json, m3u8, sys, urllib.request
        text = urllib.request.urlopen(sys.argv[1], timeout=10).read().decode()
        playlist = m3u8.loads(text, uri=sys.argv[1])
        print(json.dumps({
            "variants": len(playlist.playlists),
            "codecs": [variant.stream_info.codecs for variant in playlist.playlists],
            "bandwidths": [variant.stream_info.bandwidth for variant in playlist.playlists],
            "targetDuration": playlist.target_duration,
            "partTarget": playlist.part_inf.part_target if playlist.part_inf else None,
            "segmentCount": len(playlist.segments),
            "durationSeconds": sum(segment.duration for segment in playlist.segments if segment.uri),
            "isEnded": playlist.is_endlist,
        }))
        """

    static func read(_ address: String, in scene: Scene) async throws -> PythonPlaylist {
        let output = try await scene.run(
            Products.python, ["-c", script, address], name: "m3u8-\(UUID().uuidString)")
        return try JSONDecoder().decode(PythonPlaylist.self, from: Data(output.utf8))
    }
}
