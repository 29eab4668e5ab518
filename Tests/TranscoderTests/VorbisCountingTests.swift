import AudioTimeline
import FFmpeg
import Testing

/// Packets of a real encoder, counted before they are decoded.
struct VorbisCountingTests {
    /// What the headers and each packet's first byte say is what the decoder gives, with short blocks and long.
    @Test(arguments: [["-c:a", "libvorbis", "-q:a", "4"], ["-c:a", "libvorbis", "-q:a", "-1", "-ar", "22050"]])
    func countsAreWhatTheDecoderGives(arguments: [String]) async throws {
        let signal = "aevalsrc='if(lt(mod(t,0.3),0.01),random(0),0.1*sin(880*t))':d=4:s=44100"
        let file = try await EncodedFile.make(["-f", "lavfi", "-i", signal] + arguments, suffix: "ogg")
        let demuxer = Demuxer(format: .ogg, input: FileInput(file))
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
