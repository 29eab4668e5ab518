import CMAF
import NIOCore
import Testing

struct MediaPartTests {
    private func samples(_ durations: [UInt32], firstSize: Int = 3) -> [MediaPart.Sample] {
        durations.enumerated().map { index, duration in
            let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: index + 1), count: firstSize + index)
            return MediaPart.Sample(duration: duration, payload: ByteBuffer(bytes: payload))
        }
    }

    private func write(_ part: MediaPart) -> ByteBuffer {
        var buffer = ByteBuffer()
        part.write(into: &buffer)
        return buffer
    }

    /// F2, F3, F4: one `moof` and one `mdat`, `default-base-is-moof`, 64-bit `tfdt`.
    @Test func isOneFragmentByteForByte() {
        let part = MediaPart(
            sequenceNumber: 7,
            baseMediaDecodeTime: 0x1_0000_0002,
            samples: samples([1024, 1024])
        )
        var expected: [UInt8] = [0, 0, 0, 104] + Array("moof".utf8)
        expected += [0, 0, 0, 16] + Array("mfhd".utf8) + [0, 0, 0, 0, 0, 0, 0, 7]
        expected += [0, 0, 0, 80] + Array("traf".utf8)
        expected += [0, 0, 0, 24] + Array("tfhd".utf8) + [0, 2, 0, 0x28, 0, 0, 0, 1, 0, 0, 4, 0, 2, 0, 0, 0]
        expected += [0, 0, 0, 20] + Array("tfdt".utf8) + [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]
        expected += [0, 0, 0, 28] + Array("trun".utf8) + [0, 0, 2, 1, 0, 0, 0, 2, 0, 0, 0, 112]
        expected += [0, 0, 0, 3, 0, 0, 0, 4]
        expected += [0, 0, 0, 15] + Array("mdat".utf8) + [1, 1, 1, 2, 2, 2, 2]
        #expect(write(part).bytes == expected)
    }

    /// Equal durations stand once in the `tfhd`, different ones with each sample.
    @Test func durationsAreWrittenOnceWhereTheyAreEqual() throws {
        let equal = write(MediaPart(sequenceNumber: 1, baseMediaDecodeTime: 0, samples: samples([960, 960, 960])))
        let different = write(MediaPart(sequenceNumber: 1, baseMediaDecodeTime: 0, samples: samples([960, 960, 480])))
        #expect(different.readableBytes == equal.readableBytes - 4 + 3 * 4)
        let run = try #require(BoxTree.read(different.bytes).first("trun")).body
        #expect(run.integer(at: 0, bytes: 4) == 0x301)
        #expect(run.integer(at: 12, bytes: 4) == 960)
        #expect(run.integer(at: 28, bytes: 4) == 480)
    }

    /// F18: every `traf` of Opus with samples puts all of them into the `roll` group.
    @Test func opusSamplesAreInTheRollGroup() throws {
        let part = MediaPart(
            sequenceNumber: 1,
            baseMediaDecodeTime: 0,
            samples: samples(Array(repeating: 960, count: 9)),
            rollGroup: true
        )
        let group = try #require(BoxTree.read(write(part).bytes).first("sbgp")).body
        #expect(group == [0, 0, 0, 0] + Array("roll".utf8) + [0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 1])
        let empty = MediaPart(sequenceNumber: 1, baseMediaDecodeTime: 0, samples: [], rollGroup: true)
        #expect(BoxTree.read(write(empty).bytes).first("sbgp") == nil)
    }

    /// F26: event messages stand before the `moof`, in the part and so in the segment.
    @Test func eventsComeFirst() {
        let event = EventMessage(id3: ID3Tag(title: "Song"), presentationTime: 5, id: 1)
        let part = MediaPart(
            sequenceNumber: 1,
            baseMediaDecodeTime: 0,
            samples: samples([1024]),
            events: [event, event]
        )
        #expect(BoxTree.read(write(part).bytes).map(\.type) == ["emsg", "emsg", "moof", "mdat"])
    }

    /// F4: parts joined are the segment; each is read at its place with the times of the one before it continued.
    @Test func partsJoinedAreTheSegment() throws {
        var segment = ByteBuffer()
        var time: UInt64 = 184_320
        for number in 0..<10 as Range<UInt32> {
            let part = MediaPart(
                sequenceNumber: number,
                baseMediaDecodeTime: time,
                samples: samples(Array(repeating: 1024, count: 9))
            )
            part.write(into: &segment)
            time += part.duration
        }
        #expect(time == 184_320 + 92_160)
        var end = 0
        var next: UInt64 = 184_320
        for element in try FragmentReader.readAll(segment) {
            guard case .fragment(let fragment) = element else { continue }
            #expect(fragment.byteRange.lowerBound == end)
            #expect(fragment.baseMediaDecodeTime == next)
            end = fragment.byteRange.upperBound
            next += fragment.duration
        }
        #expect(end == segment.readableBytes)
        #expect(next == time)
    }

    /// What the container costs beside the audio, which bandwidths in playlists have to count.
    @Test func anAACPartOfNineFramesHas140BytesOfContainer() {
        let part = MediaPart(
            sequenceNumber: 1,
            baseMediaDecodeTime: 0,
            samples: samples(Array(repeating: 1024, count: 9))
        )
        let payload = part.samples.reduce(0) { $0 + $1.payload.readableBytes }
        #expect(write(part).readableBytes - payload == 140)
    }
}
