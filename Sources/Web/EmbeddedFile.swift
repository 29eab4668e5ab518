/// A file of the folder Assets, built into the binary.
struct EmbeddedFile: Sendable {
    let name: String
    let bytes: [UInt8]

    /// Every file of the folder, by name. A test compares this list with the folder.
    static let all: [EmbeddedFile] = [
        EmbeddedFile(name: "api.js", bytes: PackageResources.api_js),
        EmbeddedFile(name: "arrival-model.js", bytes: PackageResources.arrival_model_js),
        EmbeddedFile(name: "artwork.js", bytes: PackageResources.artwork_js),
        EmbeddedFile(name: "base.css", bytes: PackageResources.base_css),
        EmbeddedFile(name: "buffer-ranges.js", bytes: PackageResources.buffer_ranges_js),
        EmbeddedFile(name: "channel.css", bytes: PackageResources.channel_css),
        EmbeddedFile(name: "channel.html", bytes: PackageResources.channel_html),
        EmbeddedFile(name: "channel.js", bytes: PackageResources.channel_js),
        EmbeddedFile(name: "copy.js", bytes: PackageResources.copy_js),
        EmbeddedFile(name: "deck.js", bytes: PackageResources.deck_js),
        EmbeddedFile(name: "delay-controller.js", bytes: PackageResources.delay_controller_js),
        EmbeddedFile(name: "directory.css", bytes: PackageResources.directory_css),
        EmbeddedFile(name: "directory.js", bytes: PackageResources.directory_js),
        EmbeddedFile(name: "format.js", bytes: PackageResources.format_js),
        EmbeddedFile(name: "fragment.js", bytes: PackageResources.fragment_js),
        EmbeddedFile(name: "http.js", bytes: PackageResources.http_js),
        EmbeddedFile(name: "icon.svg", bytes: PackageResources.icon_svg),
        EmbeddedFile(name: "index.html", bytes: PackageResources.index_html),
        EmbeddedFile(name: "keys.js", bytes: PackageResources.keys_js),
        EmbeddedFile(name: "low-latency-player.js", bytes: PackageResources.low_latency_player_js),
        EmbeddedFile(name: "media-dates.js", bytes: PackageResources.media_dates_js),
        EmbeddedFile(name: "media-session.js", bytes: PackageResources.media_session_js),
        EmbeddedFile(name: "media-sink.js", bytes: PackageResources.media_sink_js),
        EmbeddedFile(name: "native-player.js", bytes: PackageResources.native_player_js),
        EmbeddedFile(name: "not-found.html", bytes: PackageResources.not_found_html),
        EmbeddedFile(name: "part-feed.js", bytes: PackageResources.part_feed_js),
        EmbeddedFile(name: "part-plan.js", bytes: PackageResources.part_plan_js),
        EmbeddedFile(name: "playback.js", bytes: PackageResources.playback_js),
        EmbeddedFile(name: "playlist.js", bytes: PackageResources.playlist_js),
        EmbeddedFile(name: "preferences.js", bytes: PackageResources.preferences_js),
        EmbeddedFile(name: "quiet-row.js", bytes: PackageResources.quiet_row_js),
        EmbeddedFile(name: "recording-player.js", bytes: PackageResources.recording_player_js),
        EmbeddedFile(name: "recordings.js", bytes: PackageResources.recordings_js),
        EmbeddedFile(name: "rendition.js", bytes: PackageResources.rendition_js),
        EmbeddedFile(name: "stream-finder.js", bytes: PackageResources.stream_finder_js),
        EmbeddedFile(name: "theme.js", bytes: PackageResources.theme_js),
        EmbeddedFile(name: "wave.js", bytes: PackageResources.wave_js),
    ]

    func asset() -> WebAsset {
        asset(path: "/assets/\(name)", bytes: bytes)
    }

    /// A page with its placeholders filled in, such as `@VERSION@`.
    func page(filling values: [String: String]) -> WebAsset {
        let filled = values.reduce(String(decoding: bytes, as: UTF8.self)) { text, value in
            text.split(separator: "@\(value.key)@", omittingEmptySubsequences: false).joined(separator: value.value)
        }
        let path = name == "index.html" ? "/" : name == "channel.html" ? "/CHANNEL" : "/not-found"
        return asset(path: path, bytes: Array(filled.utf8))
    }

    private func asset(path: String, bytes: [UInt8]) -> WebAsset {
        WebAsset(
            path: path, contentType: MediaType.ofFile(named: name), bytes: bytes, immutable: false,
            etag: "\"\(Fingerprint.hexadecimal(of: [bytes]))\"")
    }
}

extension WebAsset {
    func at(path: String, immutable: Bool) -> WebAsset {
        WebAsset(path: path, contentType: contentType, bytes: bytes, immutable: immutable, etag: etag)
    }
}
