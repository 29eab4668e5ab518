public import NIOCore

/// The Media Initialization Section of one audio track: `ftyp` and `moov` without samples (RFC 8216bis §3.1.2).
///
/// There is no edit list: browsers disagree about it, and encoder delays are taken off before (tfdt is the position).
public struct InitializationSegment: Sendable, Hashable {
    public var format: AudioFormat

    /// Units a second of tfdt and sample durations.
    public var timescale: UInt32

    public var trackID: UInt32

    /// Bits a second for the AAC decoder descriptor; 0 says unknown.
    public var bitRate: UInt32

    public init(format: AudioFormat, timescale: UInt32 = 48_000, trackID: UInt32 = 1, bitRate: UInt32 = 0) {
        self.format = format
        self.timescale = timescale
        self.trackID = trackID
        self.bitRate = bitRate
    }

    public func write(into buffer: inout ByteBuffer) {
        buffer.writeBox("ftyp") { ftyp in
            var brands: [FourCharacterCode] = ["iso6", "cmfc", "mp41", "aid3"]
            if format.needsRollGroups { brands.append("Opus") }
            ftyp.writeMultipleIntegers(FourCharacterCode("iso6").rawValue, UInt32(0))
            for brand in brands { ftyp.writeInteger(brand.rawValue) }
        }
        buffer.writeBox("moov") { moov in
            writeMovieHeader(into: &moov)
            moov.writeBox("trak") { trak in
                writeTrackHeader(into: &trak)
                writeMedia(into: &trak)
            }
            moov.writeBox("mvex") { mvex in
                mvex.writeFullBox("trex") { trex in
                    trex.writeMultipleIntegers(trackID, UInt32(1), UInt32(0), UInt32(0), MediaPart.syncSampleFlags)
                }
            }
        }
    }

    private func writeMovieHeader(into buffer: inout ByteBuffer) {
        buffer.writeFullBox("mvhd") { mvhd in
            mvhd.writeMultipleIntegers(UInt32(0), UInt32(0), timescale, UInt32(0))
            // Rate 1.0, volume 1.0.
            mvhd.writeMultipleIntegers(UInt32(0x0001_0000), UInt16(0x0100), UInt16(0), UInt64(0))
            Self.writeUnityMatrix(into: &mvhd)
            mvhd.writeRepeatingByte(0, count: 24)
            mvhd.writeInteger(trackID == .max ? trackID : trackID + 1)
        }
    }

    private func writeTrackHeader(into buffer: inout ByteBuffer) {
        // Enabled, in movie, in preview.
        buffer.writeFullBox("tkhd", flags: 7) { tkhd in
            tkhd.writeMultipleIntegers(UInt32(0), UInt32(0), trackID, UInt32(0), UInt32(0))
            // Layer and alternate group 0, volume 1.0.
            tkhd.writeMultipleIntegers(UInt64(0), UInt16(0), UInt16(0), UInt16(0x0100), UInt16(0))
            Self.writeUnityMatrix(into: &tkhd)
            tkhd.writeInteger(UInt64(0))
        }
    }

    private func writeMedia(into buffer: inout ByteBuffer) {
        buffer.writeBox("mdia") { mdia in
            mdia.writeFullBox("mdhd") { mdhd in
                // Language "und", packed in three times five bits.
                mdhd.writeMultipleIntegers(UInt32(0), UInt32(0), timescale, UInt32(0), UInt16(0x55C4), UInt16(0))
            }
            mdia.writeFullBox("hdlr") { hdlr in
                hdlr.writeMultipleIntegers(UInt32(0), FourCharacterCode("soun").rawValue)
                hdlr.writeRepeatingByte(0, count: 12)
                hdlr.writeTerminatedString("audio")
            }
            mdia.writeBox("minf") { minf in
                minf.writeFullBox("smhd") { smhd in smhd.writeInteger(UInt32(0)) }
                minf.writeBox("dinf") { dinf in
                    dinf.writeFullBox("dref") { dref in
                        dref.writeInteger(UInt32(1))
                        // Flag 1: the media are in this file.
                        dref.writeFullBox("url ", flags: 1) { _ in }
                    }
                }
                writeSampleTable(into: &minf)
            }
        }
    }

    private func writeSampleTable(into buffer: inout ByteBuffer) {
        buffer.writeBox("stbl") { stbl in
            stbl.writeFullBox("stsd") { stsd in
                stsd.writeInteger(UInt32(1))
                writeSampleEntry(into: &stsd)
            }
            stbl.writeFullBox("stts") { stts in stts.writeInteger(UInt32(0)) }
            stbl.writeFullBox("stsc") { stsc in stsc.writeInteger(UInt32(0)) }
            stbl.writeFullBox("stsz") { stsz in stsz.writeInteger(UInt64(0)) }
            stbl.writeFullBox("stco") { stco in stco.writeInteger(UInt32(0)) }
            guard format.needsRollGroups else { return }
            stbl.writeFullBox("sgpd", version: 1) { sgpd in
                // One description of two bytes: decode 4 packets (80 ms) before a sample to get it right.
                sgpd.writeMultipleIntegers(FourCharacterCode("roll").rawValue, UInt32(2), UInt32(1), Int16(-4))
            }
        }
    }

    private static func writeUnityMatrix(into buffer: inout ByteBuffer) {
        let one: UInt32 = 0x0001_0000
        buffer.writeMultipleIntegers(one, UInt32(0), UInt32(0), UInt32(0), one, UInt32(0), UInt32(0), UInt32(0))
        buffer.writeInteger(UInt32(0x4000_0000))
    }
}
