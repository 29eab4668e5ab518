import Foundation

/// One way of pushing: a codec in a container over a protocol.
struct PushedFormat: Sendable {
    enum Transport: Sendable {
        case rtmp
        case icecast(contentType: String)
        case http
    }

    /// Also the channel's name.
    var name: String
    var codec: [String]
    var container: [String]
    var transport: Transport
    /// Of the whole signal; what MP3 and Opus do to it costs most.
    var worstSnrDb = 5.0

    /// The end of ffmpeg's command line.
    func output(_ server: TwitchyServer, _ channel: TwitchyServer.Channel) -> [String] {
        switch transport {
        case .rtmp: container + [server.rtmpAddress(key: channel.key)]
        case .icecast(let type):
            container + ["-content_type", type, server.icecastAddress(channel.name, key: channel.key)]
        case .http:
            container + [
                "-method", "PUT", "-chunked_post", "1", "-headers", "Authorization: Bearer \(channel.key)\r\n",
                server.pushAddress(channel.name),
            ]
        }
    }

    static let mp3OverRTMP = PushedFormat(
        name: "mp3_rtmp", codec: ["-ar", "44100", "-c:a", "libmp3lame", "-b:a", "256k"], container: ["-f", "flv"],
        transport: .rtmp)
    static let mp3OverIcecast = PushedFormat(
        name: "mp3_icecast", codec: ["-ar", "44100", "-c:a", "libmp3lame", "-b:a", "256k"], container: ["-f", "mp3"],
        transport: .icecast(contentType: "audio/mpeg"))
    static let opusOverIcecast = PushedFormat(
        name: "opus_icecast", codec: ["-c:a", "libopus", "-b:a", "192k"], container: ["-f", "ogg"],
        transport: .icecast(contentType: "audio/ogg"))
    static let vorbisOverIcecast = PushedFormat(
        name: "vorbis_icecast", codec: ["-c:a", "libvorbis", "-q:a", "7"], container: ["-f", "ogg"],
        transport: .icecast(contentType: "application/ogg"))
    static let adtsOverIcecast = PushedFormat(
        name: "adts_icecast", codec: ["-c:a", "aac", "-b:a", "256k"], container: ["-f", "adts"],
        transport: .icecast(contentType: "audio/aac"))
    static let flacOverHTTP = PushedFormat(
        name: "flac_http", codec: ["-c:a", "flac"], container: ["-f", "flac"], transport: .http)
    static let oggFLACOverHTTP = PushedFormat(
        name: "oggflac_http", codec: ["-ar", "44100", "-c:a", "flac"], container: ["-f", "ogg"], transport: .http)
    static let webMOverHTTP = PushedFormat(
        name: "webm_http", codec: ["-c:a", "libopus", "-b:a", "192k"],
        container: ["-live", "1", "-cluster_time_limit", "1000", "-f", "webm"], transport: .http)
    static let transportStreamOverHTTP = PushedFormat(
        name: "mpegts_http", codec: ["-c:a", "aac", "-b:a", "256k"], container: ["-f", "mpegts"], transport: .http)
    static let flvOverHTTP = PushedFormat(
        name: "flv_http", codec: ["-c:a", "aac", "-b:a", "256k"],
        container: ["-flvflags", "no_duration_filesize", "-f", "flv"], transport: .http)
    static let fragmentedMP4OverHTTP = PushedFormat(
        name: "mp4_http", codec: ["-ar", "44100", "-c:a", "aac", "-b:a", "256k"],
        container: ["-movflags", "empty_moov+default_base_moof", "-frag_duration", "200000", "-f", "mp4"],
        transport: .http)
    static let mp3OverHTTP = PushedFormat(
        name: "mp3_http", codec: ["-c:a", "libmp3lame", "-b:a", "256k"], container: ["-f", "mp3"], transport: .http)
}
