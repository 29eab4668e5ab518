import AudioTimeline
import FFmpeg
import Synchronization
import Testing

/// A file that the command line makes of a chirp, and what must be found in it.
struct Recording: Sendable, CustomTestStringConvertible {
    var name: String
    var format: ContainerFormat
    var codec: AudioCodec
    var rate = 48_000
    var channels = 2
    var arguments: String
    /// Samples in each packet; `nil` where they differ.
    var packetLength: Int?
    /// Samples by which the encoder comes late.
    var delay: Int

    var testDescription: String { name }

    /// The signal and its file, made once a process.
    func make(seconds: Double = 1, seed: UInt64 = 1) throws -> (signal: Signal, file: [UInt8]) {
        try Self.made.withLock { made in
            let key = "\(name) \(seconds) \(seed)"
            if let known = made[key] { return known }
            let signal = Signal(count: Int(seconds * Double(rate)), rate: rate, seed: seed, highest: 3_000)
            let file = try CommandLineFFmpeg.encode(signal, rate: rate, channels: channels, arguments)
            made[key] = (signal, file)
            return (signal, file)
        }
    }

    private static let made = Mutex<[String: (signal: Signal, file: [UInt8])]>([:])

    static let all: [Recording] = [
        Recording(
            name: "AAC in ADTS", format: .adts, codec: .aac, arguments: "-c:a aac -b:a 128k -f adts",
            packetLength: 1_024, delay: 1_024),
        Recording(
            name: "AAC in ADTS, 44.1 kHz, mono", format: .adts, codec: .aac, rate: 44_100, channels: 1,
            arguments: "-c:a aac -b:a 96k -f adts", packetLength: 1_024, delay: 1_024),
        Recording(
            name: "AAC in ADTS, 5.1", format: .adts, codec: .aac, channels: 6,
            arguments: "-c:a aac -b:a 384k -f adts", packetLength: 1_024, delay: 1_024),
        Recording(
            name: "MP3", format: .mp3, codec: .mp3, arguments: "-c:a libmp3lame -b:a 128k -metadata title=Tune -f mp3",
            packetLength: 1_152, delay: 1_105),
        Recording(
            name: "MP3, variable rate, 44.1 kHz", format: .mp3, codec: .mp3, rate: 44_100,
            arguments: "-c:a libmp3lame -q:a 4 -f mp3", packetLength: 1_152, delay: 1_105),
        Recording(
            name: "MP3, 22.05 kHz, mono", format: .mp3, codec: .mp3, rate: 22_050, channels: 1,
            arguments: "-c:a libmp3lame -b:a 64k -f mp3", packetLength: 576, delay: 1_105),
        Recording(
            name: "MPEG layer II", format: .mp3, codec: .mp2, arguments: "-c:a mp2 -b:a 192k -f mp2",
            packetLength: 1_152, delay: 481),
        Recording(
            name: "MPEG layer II, 24 kHz, mono", format: .mp3, codec: .mp2, rate: 24_000, channels: 1,
            arguments: "-c:a mp2 -b:a 64k -f mp2", packetLength: 1_152, delay: 481),
        Recording(
            name: "AAC in LOAS", format: .loas, codec: .aac, arguments: "-c:a aac -b:a 128k -f latm",
            packetLength: 1_024, delay: 1_024),
        Recording(
            name: "Speex in Ogg", format: .ogg, codec: .speex, rate: 32_000, channels: 1,
            arguments: "-c:a libspeex -f ogg", packetLength: 640, delay: 508),
        Recording(
            name: "Opus in Ogg", format: .ogg, codec: .opus,
            arguments: "-c:a libopus -b:a 96k -metadata title=Tune -metadata artist=Band -f ogg", packetLength: 960,
            delay: 312),
        Recording(
            name: "Opus in Ogg, 60 ms", format: .ogg, codec: .opus,
            arguments: "-c:a libopus -b:a 96k -frame_duration 60 -f ogg", packetLength: 2_880, delay: 312),
        Recording(
            name: "Vorbis in Ogg", format: .ogg, codec: .vorbis, rate: 44_100,
            arguments: "-c:a libvorbis -q:a 4 -metadata title=Tune -metadata artist=Band -f ogg", delay: 0),
        Recording(
            name: "FLAC in Ogg", format: .ogg, codec: .flac,
            arguments: "-c:a flac -metadata title=Tune -metadata artist=Band -f ogg", packetLength: 4_608, delay: 0),
        Recording(
            name: "FLAC", format: .flac, codec: .flac, rate: 44_100,
            arguments: "-c:a flac -sample_fmt s16 -metadata title=Tune -metadata artist=Band -f flac",
            packetLength: 4_608, delay: 0),
        Recording(
            name: "FLAC, 24 bit, 96 kHz", format: .flac, codec: .flac, rate: 96_000,
            arguments: "-c:a flac -sample_fmt s32 -f flac", packetLength: 8_192, delay: 0),
        Recording(
            name: "Opus in WebM", format: .matroska, codec: .opus, arguments: "-c:a libopus -b:a 96k -f webm",
            packetLength: 960, delay: 312),
        Recording(
            name: "Opus in WebM, live", format: .matroska, codec: .opus,
            arguments: "-c:a libopus -b:a 96k -live 1 -cluster_time_limit 100 -f webm", packetLength: 960, delay: 312),
        Recording(
            name: "Vorbis in WebM", format: .matroska, codec: .vorbis, arguments: "-c:a libvorbis -f webm", delay: 0),
        Recording(
            name: "AAC in Matroska", format: .matroska, codec: .aac, rate: 44_100,
            arguments: "-c:a aac -b:a 128k -f matroska", packetLength: 1_024, delay: 1_024),
        Recording(
            name: "MP3 in Matroska", format: .matroska, codec: .mp3, arguments: "-c:a libmp3lame -f matroska",
            packetLength: 1_152, delay: 1_105),
        Recording(
            name: "FLAC in Matroska", format: .matroska, codec: .flac, arguments: "-c:a flac -f matroska",
            packetLength: 4_608, delay: 0),
        Recording(
            name: "AC-3 in Matroska", format: .matroska, codec: .ac3, arguments: "-c:a ac3 -b:a 192k -f matroska",
            packetLength: 1_536, delay: 256),
        Recording(
            name: "E-AC-3 in Matroska", format: .matroska, codec: .eac3, arguments: "-c:a eac3 -b:a 192k -f matroska",
            packetLength: 1_536, delay: 256),
        Recording(
            name: "AAC in fragmented MP4", format: .mov, codec: .aac,
            arguments: "-c:a aac -b:a 128k -movflags empty_moov+default_base_moof -frag_duration 100000 -f mp4",
            packetLength: 1_024, delay: 1_024),
        Recording(
            name: "Opus in fragmented MP4", format: .mov, codec: .opus,
            arguments: "-c:a libopus -movflags empty_moov -frag_duration 50000 -f mp4", packetLength: 960, delay: 312),
        Recording(
            name: "FLAC in fragmented MP4", format: .mov, codec: .flac,
            arguments: "-c:a flac -movflags empty_moov -frag_duration 50000 -strict -2 -f mp4", packetLength: 4_608,
            delay: 0),
        Recording(
            name: "AAC in MP4 with its index in front", format: .mov, codec: .aac,
            arguments: "-c:a aac -b:a 128k -movflags faststart -f mp4", packetLength: 1_024, delay: 1_024),
        Recording(
            name: "AAC in MPEG-TS", format: .mpegts, codec: .aac, arguments: "-c:a aac -b:a 128k -f mpegts",
            packetLength: 1_024, delay: 1_024),
        Recording(
            name: "MP3 in MPEG-TS", format: .mpegts, codec: .mp3, arguments: "-c:a libmp3lame -f mpegts",
            packetLength: 1_152, delay: 1_105),
        Recording(
            name: "AC-3 in MPEG-TS", format: .mpegts, codec: .ac3, arguments: "-c:a ac3 -f mpegts",
            packetLength: 1_536, delay: 256),
        Recording(
            name: "E-AC-3 in MPEG-TS", format: .mpegts, codec: .eac3, arguments: "-c:a eac3 -f mpegts",
            packetLength: 1_536, delay: 256),
        Recording(
            name: "MPEG layer II in MPEG-TS", format: .mpegts, codec: .mp2, arguments: "-c:a mp2 -f mpegts",
            packetLength: 1_152, delay: 481),
        Recording(
            name: "AAC in LATM in MPEG-TS", format: .mpegts, codec: .aac,
            arguments: "-c:a aac -b:a 128k -mpegts_flags latm -f mpegts", packetLength: 1_024, delay: 1_024),
        Recording(
            name: "Opus in MPEG-TS", format: .mpegts, codec: .opus, arguments: "-c:a libopus -b:a 96k -f mpegts",
            packetLength: 960, delay: 312),
        Recording(
            name: "AC-3 in fragmented MP4", format: .mov, codec: .ac3,
            arguments: "-c:a ac3 -movflags frag_keyframe+empty_moov+delay_moov -frag_duration 100000 -f mp4",
            packetLength: 1_536, delay: 256),
        Recording(
            name: "E-AC-3 in fragmented MP4", format: .mov, codec: .eac3,
            arguments: "-c:a eac3 -movflags frag_keyframe+empty_moov+delay_moov -frag_duration 100000 -f mp4",
            packetLength: 1_536, delay: 256),
        Recording(
            name: "MP3 in fragmented MP4", format: .mov, codec: .mp3,
            arguments: "-c:a libmp3lame -movflags empty_moov -frag_duration 100000 -f mp4", packetLength: 1_152,
            delay: 1_105),
        Recording(
            name: "MPEG layer II in Matroska", format: .matroska, codec: .mp2, arguments: "-c:a mp2 -f matroska",
            packetLength: 1_152, delay: 481),
        Recording(
            name: "AAC in FLV", format: .flv, codec: .aac, rate: 44_100, arguments: "-c:a aac -b:a 128k -f flv",
            packetLength: 1_024, delay: 1_024),
        Recording(
            name: "MP3 in FLV", format: .flv, codec: .mp3, rate: 44_100, arguments: "-c:a libmp3lame -f flv",
            packetLength: 1_152, delay: 1_105),
    ]
}
