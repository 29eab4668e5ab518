import AudioTimeline
import FFmpeg
import NIOCore
import Testing

struct HandOverTests {
    /// Everything may be made on one thread and handed to another, which the compiler proves.
    @Test func chainWorksOnAnotherThreadThanItWasMadeOn() async throws {
        let recording = try #require(Recording.all.first { $0.name == "AAC in ADTS, 44.1 kHz, mono" })
        let file = try recording.make().file
        let demuxer = Demuxer(format: .adts, input: BytesInput(file))
        let encoder = try AudioEncoder(.opus(bitsPerSecond: 64_000))
        let resampler = try Resampler(from: PCMFormat(sampleRate: 44_100, layout: .mono))
        let packets = try await Task.detached {
            var decoder: AudioDecoder?
            var packets: [EncodedPacket] = []
            while let item = try demuxer.next() {
                switch item {
                case .configuration(let configuration): decoder = try AudioDecoder(configuration)
                case .packet(let packet):
                    guard let block = try decoder?.decode(packet.payload) else { continue }
                    packets += try encoder.encode(resampler.convert(block))
                case .metadata: break
                }
            }
            packets += try encoder.encode(resampler.flush())
            return packets + (try encoder.finish())
        }.value
        // 45 frames of 1024 samples at 44.1 kHz are 50 155 at 48 kHz.
        #expect(packets.count == 53)
    }
}
