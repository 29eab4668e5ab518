import CMAF
import NIOCore
import TestSupport
import Testing

struct FragmentReaderTests {
    private static func part(_ number: UInt32, at time: UInt64, rollGroup: Bool = false) -> MediaPart {
        let samples = (0..<4 as Range<UInt32>).map { index in
            MediaPart.Sample(duration: 960 + index % 2, payload: ByteBuffer(repeating: UInt8(index), count: 5))
        }
        return MediaPart(
            sequenceNumber: number,
            baseMediaDecodeTime: time,
            samples: samples,
            events: number == 1 ? [EventMessage(id3: ID3Tag(title: "x"), presentationTime: time, id: 4)] : [],
            rollGroup: rollGroup
        )
    }

    private static func file() -> ByteBuffer {
        var buffer = ByteBuffer()
        InitializationSegment(format: .opus(OpusConfiguration())).write(into: &buffer)
        for number in 0..<3 as Range<UInt32> {
            part(number, at: UInt64(number) * 3842, rollGroup: true).write(into: &buffer)
        }
        return buffer
    }

    @Test func partsAreReadBackAsTheyWereWritten() throws {
        let file = Self.file()
        let elements = try FragmentReader.readAll(file)
        #expect(elements.count == 4)
        #expect(elements[0] == .initialization(InitializationSegment(format: .opus(OpusConfiguration()))))
        for (index, element) in elements.dropFirst().enumerated() {
            guard case .fragment(let fragment) = element else {
                Issue.record("not a fragment")
                continue
            }
            #expect(fragment.part(from: file) == Self.part(UInt32(index), at: UInt64(index) * 3842, rollGroup: true))
            #expect(fragment.samples.allSatisfy { $0.isSync })
        }
    }

    /// Whether the end is inside a box.
    private static func readToEnd(_ reader: inout FragmentReader) -> Bool {
        do {
            while let element = try reader.next() { _ = element }
            return false
        } catch {
            if case .truncated = error { return true }
            Issue.record("\(error)")
            return true
        }
    }

    /// A store that was killed while it wrote: everything before the broken fragment is whole, and it says where.
    @Test func aFileCutAnywhereIsWholeUpToItsLastFragment() throws {
        let file = Self.file()
        var ends = [0]
        var reader = FragmentReader(file)
        while try reader.next() != nil { ends.append(reader.wholeByteCount) }
        #expect(ends.last == file.readableBytes)
        for length in 0...file.readableBytes {
            let cut = try #require(file.getSlice(at: 0, length: length))
            var reader = FragmentReader(cut)
            let isTruncated = Self.readToEnd(&reader)
            let whole = try #require(ends.last { $0 <= length })
            #expect(reader.wholeByteCount == whole)
            // Cut at a border of boxes before a moof, a file just ends.
            if whole < length, !isTruncated {
                let rest = BoxTree.read(Array(cut.bytes[whole...]))
                #expect(rest.allSatisfy { $0.type == "ftyp" || $0.type == "emsg" })
            }
        }
    }

    /// The reader does not care where in a buffer the bytes lie.
    @Test func offsetsCountFromTheFirstReadableByte() throws {
        var buffer = ByteBuffer(repeating: 0xEE, count: 17)
        Self.part(0, at: 5).write(into: &buffer)
        buffer.moveReaderIndex(forwardBy: 17)
        guard case .fragment(let fragment) = try FragmentReader.readAll(buffer).first else {
            Issue.record("no fragment")
            return
        }
        #expect(fragment.byteRange == 0..<buffer.readableBytes)
        #expect(fragment.part(from: buffer) == Self.part(0, at: 5))
        #expect(fragment.part(from: ByteBuffer(bytes: [1])) == nil)
    }

    @Test func boxesOfOtherKindsArePassed() throws {
        var buffer = ByteBuffer(bytes: [0, 0, 0, 8] + Array("styp".utf8) + [0, 0, 0, 9] + Array("free".utf8) + [1])
        // A size of 64 bits, as large files have it.
        buffer.writeBytes([0, 0, 0, 1] + Array("skip".utf8) + [0, 0, 0, 0, 0, 0, 0, 17, 9])
        Self.part(0, at: 5).write(into: &buffer)
        #expect(try FragmentReader.readAll(buffer).count == 1)
    }

    @Test func anAnnouncedSampleCountReservesNothing() throws {
        var buffer = ByteBuffer()
        Self.part(0, at: 0).write(into: &buffer)
        let bytes = buffer.bytes
        let run = try #require(bytes.indices.first { bytes[$0...].starts(with: "trun".utf8) })
        buffer.setInteger(UInt32.max, at: run + 8)
        #expect(throws: CMAFError.tooManySamples(limit: FragmentReader.sampleCountMax)) {
            try FragmentReader.readAll(buffer)
        }
        buffer.setInteger(UInt32(60_000), at: run + 8)
        #expect(throws: CMAFError.malformed(box: "trun", reason: "ends early")) {
            try FragmentReader.readAll(buffer)
        }
    }

    @Test func samplesMustLieInTheMediaData() throws {
        var buffer = ByteBuffer()
        Self.part(0, at: 0).write(into: &buffer)
        let bytes = buffer.bytes
        let run = try #require(bytes.indices.first { bytes[$0...].starts(with: "trun".utf8) })
        for offset in [Int32.min, -1, 0, 100, 100_000, Int32.max] {
            buffer.setInteger(offset, at: run + 12)
            #expect(throws: CMAFError.malformed(box: "trun", reason: "samples lie outside the mdat")) {
                try FragmentReader.readAll(buffer)
            }
        }
    }

    /// No bytes make a reader trap or run away.
    @Test func survivesTenThousandMutations() throws {
        let file = Self.file()
        var mutator = Mutator(seed: 1)
        var failures = 0
        for _ in 0..<10_000 {
            let bytes = ByteBuffer(bytes: mutator.mutate(file.bytes))
            do {
                for case .fragment(let fragment) in try FragmentReader.readAll(bytes) {
                    _ = try #require(fragment.part(from: bytes))
                }
            } catch is CMAFError {
                failures += 1
            }
        }
        // Most mutations must be found out; otherwise they did not reach the structure.
        #expect(failures > 3000)
    }

    @Test func survivesTenThousandMutationsOfSetUpsAndTags() throws {
        var tag = ByteBuffer()
        ID3Tag(title: "Title", artist: "Artist", userTexts: [("d", "v")]).write(into: &tag)
        var aac = ByteBuffer()
        InitializationSegment(format: .aac(.lowComplexityStereo48000)).write(into: &aac)
        let head = Array("OpusHead".utf8) + [1, 2, 0x38, 0x01, 0x80, 0xBB, 0, 0, 0, 0, 0]
        var mutator = Mutator(seed: 2)
        var failures = 0
        for _ in 0..<10_000 {
            do { _ = try ID3Tag(reading: ByteBuffer(bytes: mutator.mutate(tag.bytes))) } catch { failures += 1 }
            do { _ = try AudioSpecificConfig(mutator.mutate([0x2B, 0x11, 0x88, 0])) } catch { failures += 1 }
            do { _ = try OpusConfiguration(opusHead: mutator.mutate(head)) } catch { failures += 1 }
            do { _ = try FLACStreamInfo(mutator.mutate(Array(tag.bytes.prefix(34)))) } catch { failures += 1 }
            do { _ = try InitializationSegment(reading: ByteBuffer(bytes: mutator.mutate(aac.bytes))) } catch {
                failures += 1
            }
        }
        #expect(failures > 10_000)
    }
}
