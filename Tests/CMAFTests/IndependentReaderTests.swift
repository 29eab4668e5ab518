import CMAF
import Foundation
import NIOCore
import Testing

/// FFmpeg encodes real audio, this module reads FFmpeg's fragments and writes them again, and FFmpeg reads what it
/// wrote.
struct IndependentReaderTests {
    struct Codec: CustomTestStringConvertible, Sendable {
        var name: String
        var encoder: [String]
        var frameDuration: UInt32
        var framesPerPart: Int
        var extensionName: String
        var testDescription: String { name }
    }

    static let codecs = [
        Codec(
            name: "aac",
            encoder: ["-c:a", "aac", "-b:a", "128k"],
            frameDuration: 1024,
            framesPerPart: 9,
            extensionName: "aac"
        ),
        Codec(
            name: "opus",
            encoder: ["-c:a", "libopus", "-b:a", "96k"],
            frameDuration: 960,
            framesPerPart: 10,
            extensionName: "ogg"
        ),
        Codec(
            name: "flac",
            encoder: ["-c:a", "flac", "-frame_size", "4608", "-sample_fmt", "s32", "-bits_per_raw_sample", "24"],
            frameDuration: 4608,
            framesPerPart: 2,
            extensionName: "flac"
        ),
    ]

    /// The position of the first sample: beyond 32 bits, as after a day and more.
    private static let start: UInt64 = 5_000_000_000

    private let folder: TemporaryFolder
    private let ffmpeg = CommandLineTool(name: "ffmpeg")
    private let ffprobe = CommandLineTool(name: "ffprobe")

    init() throws {
        folder = try TemporaryFolder()
    }

    /// 3.84 s of a tone in fragments by FFmpeg's own muxer.
    private func encode(_ codec: Codec) throws -> (segment: InitializationSegment, samples: [MediaPart.Sample]) {
        let source = folder.file("source.mp4")
        _ = try ffmpeg.run(
            ["-v", "error", "-f", "lavfi", "-i", "aevalsrc=0.5*sin(440*2*PI*t)|0.5*sin(660*2*PI*t):s=48000:d=3.84"]
                + codec.encoder
                + ["-strict", "experimental", "-movflags", "empty_moov+default_base_moof+frag_keyframe"]
                + ["-frag_duration", "500000", source.path]
        )
        let bytes = ByteBuffer(bytes: try Data(contentsOf: source))
        var segment: InitializationSegment?
        var samples: [MediaPart.Sample] = []
        for element in try FragmentReader.readAll(bytes) {
            switch element {
            case .initialization(let initialization): segment = initialization
            case .fragment(let fragment): samples += try #require(fragment.part(from: bytes)).samples
            }
        }
        return (try #require(segment), samples)
    }

    /// Our init segment and parts, every sample as long as its codec's frames.
    private func remux(_ codec: Codec) throws -> (file: URL, sampleCount: Int) {
        let (source, samples) = try encode(codec)
        var format = source.format
        if case .opus(var configuration) = format {
            configuration.preSkip = 0
            format = .opus(configuration)
        }
        var buffer = ByteBuffer()
        InitializationSegment(format: format).write(into: &buffer)
        var time = Self.start
        var number: UInt32 = 0
        var rest = samples[...]
        while !rest.isEmpty {
            let part = MediaPart(
                sequenceNumber: number,
                baseMediaDecodeTime: time,
                samples: rest.prefix(codec.framesPerPart).map { sample in
                    MediaPart.Sample(duration: codec.frameDuration, payload: sample.payload)
                },
                events: number % 10 == 0
                    ? [EventMessage(id3: ID3Tag(title: "Tone"), presentationTime: time, id: 1)] : [],
                rollGroup: format.needsRollGroups
            )
            part.write(into: &buffer)
            time += part.duration
            number += 1
            rest = rest.dropFirst(codec.framesPerPart)
        }
        let file = folder.file("ours.mp4")
        try Data(buffer.readableBytesView).write(to: file)
        return (file, samples.count)
    }

    private func decode(_ file: URL) throws -> Data {
        try ffmpeg.run(["-v", "error", "-i", file.path, "-f", "s32le", "-c:a", "pcm_s32le", "-"])
    }

    /// The reader understands fragments of another writer.
    @Test(arguments: codecs)
    func readsFragmentsOfFFmpeg(codec: Codec) throws {
        let (segment, samples) = try encode(codec)
        #expect(segment.format.sampleRate == 48_000)
        #expect(segment.format.channels == 2)
        #expect(segment.timescale == 48_000)
        #expect(samples.reduce(0) { $0 + Int($1.duration) } >= 184_320)
        switch segment.format {
        case .aac(let configuration): #expect(configuration.objectType == 2)
        case .opus(let configuration): #expect(configuration.preSkip == 312)
        case .flac(let streamInfo): #expect(streamInfo.bitsPerSample == 24)
        }
    }

    /// F3, F6: ffprobe sees every frame once, each where the one before it ends.
    @Test(arguments: codecs)
    func everyFrameHasItsTime(codec: Codec) throws {
        let (file, count) = try remux(codec)
        let output = try ffprobe.run([
            "-v", "error", "-show_entries", "packet=pts,dts,flags", "-of", "csv=p=0", file.path,
        ])
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == count)
        for (index, line) in lines.enumerated() {
            let time = Self.start + UInt64(index) * UInt64(codec.frameDuration)
            let fields = line.split(separator: ",")
            #expect(fields.prefix(2) == ["\(time)", "\(time)"])
            #expect(fields.last?.hasPrefix("K") == true)
        }
    }

    /// What ffprobe says of the stream.
    @Test(arguments: codecs)
    func streamIsWhatItSays(codec: Codec) throws {
        let (file, _) = try remux(codec)
        let output = try ffprobe.run([
            "-v", "error", "-show_entries", "stream=codec_name,sample_rate,channels,time_base,start_pts",
            "-of", "default=noprint_wrappers=1", file.path,
        ])
        let lines = Set(String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init))
        #expect(lines.contains("codec_name=\(codec.name)"))
        #expect(lines.contains("sample_rate=48000"))
        #expect(lines.contains("channels=2"))
        #expect(lines.contains("time_base=1/48000"))
        #expect(lines.contains("start_pts=\(Self.start)"))
    }

    /// F14, F17: the decoder gives every sample of every frame, none is trimmed, and all have the value that the same
    /// frames have in their own container.
    @Test(arguments: codecs)
    func everySampleIsHeard(codec: Codec) throws {
        let (file, count) = try remux(codec)
        let ours = try decode(file)
        let sampleCount = count * Int(codec.frameDuration)
        #expect(ours.count == sampleCount * 2 * 4)
        let original = folder.file("original.\(codec.extensionName)")
        _ = try ffmpeg.run(["-v", "error", "-i", folder.file("source.mp4").path, "-c", "copy", original.path])
        let reference = try decode(original)
        // Ogg trims its pre-skip and its end; what is left must be found in ours at that place.
        let skipped = codec.name == "opus" ? 312 * 2 * 4 : 0
        #expect(reference.count > 180_000 * 2 * 4)
        #expect(ours.dropFirst(skipped).starts(with: reference))
    }

    /// A listener who joins in the middle gets init and any later part.
    @Test(arguments: codecs)
    func anyPartCanBeTheFirst(codec: Codec) throws {
        let (file, count) = try remux(codec)
        let bytes = ByteBuffer(bytes: try Data(contentsOf: file))
        var reader = FragmentReader(bytes)
        _ = try reader.next()
        let initLength = reader.wholeByteCount
        _ = try reader.next()
        let joined = folder.file("joined.mp4")
        let all = Data(bytes.readableBytesView)
        try (all.prefix(initLength) + all.dropFirst(reader.wholeByteCount)).write(to: joined)
        let output = try ffprobe.run([
            "-v", "error", "-show_entries", "stream=start_pts", "-of", "csv=p=0", joined.path,
        ])
        let start = Self.start + UInt64(codec.framesPerPart) * UInt64(codec.frameDuration)
        #expect(String(decoding: output, as: UTF8.self).contains("\(start)"))
        let frameCount = count - codec.framesPerPart
        #expect(try decode(joined).count == frameCount * Int(codec.frameDuration) * 2 * 4)
    }
}
