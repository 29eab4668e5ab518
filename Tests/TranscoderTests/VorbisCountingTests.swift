import AudioTimeline
import FFmpeg
import Foundation
import NIOCore
import Testing

/// Packets of a real encoder, counted before they are decoded.
struct VorbisCountingTests {
    private final class FileInput: DemuxerInput {
        private var rest: ByteBuffer

        init(_ data: Data) { rest = ByteBuffer(bytes: data) }

        func read(maxLength: Int) throws(FFmpegError) -> ByteBuffer? {
            let count = min(maxLength, 1_400, rest.readableBytes)
            return count > 0 ? rest.readSlice(length: count) : nil
        }
    }

    private func encode(_ arguments: [String]) throws -> Data {
        let file = FileManager.default.temporaryDirectory.appending(path: "counting-\(UUID().uuidString).ogg")
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            [
                "ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i",
                "aevalsrc='if(lt(mod(t,0.3),0.01),random(0),0.1*sin(880*t))':d=4:s=44100",
            ] + arguments + [file.path]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try Data(contentsOf: file)
    }

    /// What the headers and each packet's first byte say is what the decoder gives, with short blocks and long.
    @Test(arguments: [["-c:a", "libvorbis", "-q:a", "4"], ["-c:a", "libvorbis", "-q:a", "-1", "-ar", "22050"]])
    func countsAreWhatTheDecoderGives(arguments: [String]) throws {
        let demuxer = Demuxer(format: .ogg, input: FileInput(try encode(arguments)))
        var counter: PacketCounter?
        var decoder: AudioDecoder?
        var counted: [Int] = []
        var decoded: [Int] = []
        while let item = try demuxer.next() {
            switch item {
            case .configuration(let configuration):
                counter = PacketCounter(configuration)
                decoder = try AudioDecoder(configuration)
            case .packet(let packet):
                let length = counter?.length(of: packet.payload)
                counted.append(Int(try #require(length)))
                decoded.append(try decoder?.decode(packet.payload)?.frameCount ?? 0)
            case .metadata: continue
            }
        }
        #expect(counted.count > 50)
        #expect(Set(counted).count > 2)
        #expect(counted == decoded)
    }
}
