public import NIOCore

/// One CMAF chunk: event messages, `moof` and `mdat`. It is a Partial Segment of HLS; segments are their parts, byte
/// for byte.
public struct MediaPart: Sendable, Hashable {
    /// One access unit: an AAC frame, an Opus packet or a FLAC frame. All are sync samples.
    public struct Sample: Sendable, Hashable {
        /// In units of the track's timescale, 1/48000 s.
        public var duration: UInt32
        public var payload: ByteBuffer

        public init(duration: UInt32, payload: ByteBuffer) {
            self.duration = duration
            self.payload = payload
        }
    }

    /// `mfhd` sequence number; players ignore it, it only rises.
    public var sequenceNumber: UInt32

    /// Position of the first sample on the track's timeline (`tfdt`, always 64 bit).
    public var baseMediaDecodeTime: UInt64

    public var samples: [Sample]

    /// Written before the `moof`; their presentation times must lie within the part.
    public var events: [EventMessage]

    /// Whether the samples are members of the `roll` group that the init segment describes (Opus).
    public var rollGroup: Bool

    public var trackID: UInt32

    public init(
        sequenceNumber: UInt32,
        baseMediaDecodeTime: UInt64,
        samples: [Sample],
        events: [EventMessage] = [],
        rollGroup: Bool = false,
        trackID: UInt32 = 1
    ) {
        self.sequenceNumber = sequenceNumber
        self.baseMediaDecodeTime = baseMediaDecodeTime
        self.samples = samples
        self.events = events
        self.rollGroup = rollGroup
        self.trackID = trackID
    }

    /// Sum of the samples' durations, in units of the timescale.
    public var duration: UInt64 {
        samples.reduce(0) { $0 &+ UInt64($1.duration) }
    }

    /// Depends on no other sample, is a sync sample (ISO/IEC 14496-12 §8.8.3.1).
    static let syncSampleFlags: UInt32 = 0x0200_0000

    public func write(into buffer: inout ByteBuffer) {
        buffer.reserveCapacity(minimumWritableBytes: 192 + samples.reduce(0) { $0 + $1.payload.readableBytes + 8 })
        for event in events { event.write(into: &buffer) }
        let start = buffer.writerIndex
        var dataOffsetIndex = start
        buffer.writeBox("moof") { moof in
            moof.writeFullBox("mfhd") { mfhd in mfhd.writeInteger(sequenceNumber) }
            moof.writeBox("traf") { traf in
                dataOffsetIndex = writeTrackFragment(into: &traf)
            }
        }
        // The first payload byte lies behind the header of the mdat, counted from the moof.
        buffer.setInteger(UInt32(truncatingIfNeeded: buffer.writerIndex - start + 8), at: dataOffsetIndex)
        buffer.writeBox("mdat") { mdat in
            for sample in samples { mdat.writeImmutableBuffer(sample.payload) }
        }
    }

    /// Returns where the data offset of the `trun` has to be filled in.
    private func writeTrackFragment(into traf: inout ByteBuffer) -> Int {
        let commonDuration = samples.first.flatMap { first in
            samples.allSatisfy { $0.duration == first.duration } ? first.duration : nil
        }
        // default-base-is-moof, default-sample-flags, and default-sample-duration where all are equal: a fragment can
        // then be read without the defaults of the init segment.
        traf.writeFullBox("tfhd", flags: 0x02_0020 | (commonDuration == nil ? 0 : 0x08)) { tfhd in
            tfhd.writeInteger(trackID)
            if let commonDuration { tfhd.writeInteger(commonDuration) }
            tfhd.writeInteger(Self.syncSampleFlags)
        }
        traf.writeFullBox("tfdt", version: 1) { tfdt in tfdt.writeInteger(baseMediaDecodeTime) }
        var dataOffsetIndex = traf.writerIndex
        // data-offset, sample-size, and sample-duration where they differ.
        traf.writeFullBox("trun", flags: 0x0201 | (commonDuration == nil ? 0x0100 : 0)) { trun in
            trun.writeInteger(UInt32(truncatingIfNeeded: samples.count))
            dataOffsetIndex = trun.writerIndex
            trun.writeInteger(UInt32(0))
            for sample in samples {
                if commonDuration == nil { trun.writeInteger(sample.duration) }
                trun.writeInteger(UInt32(truncatingIfNeeded: sample.payload.readableBytes))
            }
        }
        if rollGroup, !samples.isEmpty {
            traf.writeFullBox("sbgp") { sbgp in
                sbgp.writeMultipleIntegers(FourCharacterCode("roll").rawValue, UInt32(1))
                sbgp.writeMultipleIntegers(UInt32(truncatingIfNeeded: samples.count), UInt32(1))
            }
        }
        return dataOffsetIndex
    }
}
