import NIOCore

/// Reads a `moof` (ISO/IEC 14496-12 §8.8.4).
enum MovieFragment {
    static func read(_ moof: Box, of bytes: ByteBuffer, defaults: TrackDefaults) throws(CMAFError) -> Fragment {
        var sequenceNumber: UInt32?
        var fragment: Fragment?
        var boxes = BoxCursor(bytes, inside: moof)
        while let box = try boxes.next() {
            switch box.type {
            case "mfhd":
                var fields = BoxFields(bytes, of: box)
                try fields.skip(4)
                sequenceNumber = try fields.read()
            case "traf":
                guard fragment == nil else { throw .unsupported("a fragment with more than one track") }
                fragment = try readTrackFragment(box, of: bytes, moof: moof, defaults: defaults)
            default:
                continue
            }
        }
        guard let sequenceNumber else { throw .missing(box: "mfhd", within: "moof") }
        guard var fragment else { throw .missing(box: "traf", within: "moof") }
        fragment.sequenceNumber = sequenceNumber
        return fragment
    }

    private static func readTrackFragment(
        _ traf: Box,
        of bytes: ByteBuffer,
        moof: Box,
        defaults: TrackDefaults
    ) throws(CMAFError) -> Fragment {
        var headers = BoxCursor(bytes, inside: traf)
        let header = try TrackFragmentHeader(headers.first("tfhd"), of: bytes, moof: moof, defaults: defaults)
        var fragment = Fragment(
            sequenceNumber: 0,
            trackID: header.trackID,
            baseMediaDecodeTime: 0,
            samples: [],
            events: [],
            rollGroup: false,
            byteRange: moof.range
        )
        var hasDecodeTime = false
        var boxes = BoxCursor(bytes, inside: traf)
        while let box = try boxes.next() {
            switch box.type {
            case "tfdt":
                var fields = BoxFields(bytes, of: box)
                let isLong = try fields.read(UInt32.self) >> 24 == 1
                fragment.baseMediaDecodeTime = isLong ? try fields.read() : UInt64(try fields.read(UInt32.self))
                hasDecodeTime = true
            case "trun":
                try readRun(box, of: bytes, header: header, into: &fragment)
            case "sbgp":
                var fields = BoxFields(bytes, of: box)
                try fields.skip(4)
                if try fields.read() == FourCharacterCode("roll").rawValue { fragment.rollGroup = true }
            default:
                continue
            }
        }
        guard hasDecodeTime else { throw .missing(box: "tfdt", within: "traf") }
        return fragment
    }

    private static func readRun(
        _ trun: Box,
        of bytes: ByteBuffer,
        header: TrackFragmentHeader,
        into fragment: inout Fragment
    ) throws(CMAFError) {
        var fields = BoxFields(bytes, of: trun)
        let flags = try fields.read(UInt32.self)
        let count = try fields.read(UInt32.self)
        guard UInt64(count) + UInt64(fragment.samples.count) <= FragmentReader.sampleCountMax else {
            throw .tooManySamples(limit: FragmentReader.sampleCountMax)
        }
        var offset: Int
        if flags & 0x0001 != 0 {
            // Offset and base are within 32 and 48 bits, so their sum cannot overflow.
            offset = header.baseDataOffset + Int(try fields.read(Int32.self))
        } else if let last = fragment.samples.last {
            offset = last.byteRange.upperBound
        } else {
            throw .malformed(box: "trun", reason: "no data offset")
        }
        let firstFlags = flags & 0x0004 != 0 ? try fields.read(UInt32.self) : nil
        for index in 0..<count {
            let duration = flags & 0x0100 != 0 ? try fields.read() : header.defaults.sampleDuration
            let size = flags & 0x0200 != 0 ? try fields.read() : header.defaults.sampleSize
            var sampleFlags = flags & 0x0400 != 0 ? try fields.read() : header.defaults.sampleFlags
            if flags & 0x0800 != 0 { try fields.skip(4) }
            if index == 0, let firstFlags { sampleFlags = firstFlags }
            // Whether the end lies in the mdat is seen there: it may be what a cut file lacks.
            guard offset >= 0 else {
                throw .malformed(box: "trun", reason: "samples lie outside the mdat")
            }
            fragment.samples.append(
                Fragment.Sample(
                    duration: duration,
                    byteRange: offset..<offset + Int(size),
                    isSync: sampleFlags & 0x0001_0000 == 0
                )
            )
            offset += Int(size)
        }
    }
}

/// Reads a `tfhd` (ISO/IEC 14496-12 §8.8.7).
struct TrackFragmentHeader {
    let trackID: UInt32
    let defaults: TrackDefaults

    /// Where data offsets count from.
    let baseDataOffset: Int

    init(_ tfhd: Box, of bytes: ByteBuffer, moof: Box, defaults: TrackDefaults) throws(CMAFError) {
        var fields = BoxFields(bytes, of: tfhd)
        let flags = try fields.read(UInt32.self)
        trackID = try fields.read()
        var base = moof.range.lowerBound
        if flags & 0x01 != 0 {
            let offset = try fields.read(UInt64.self)
            guard offset <= UInt64(UInt32.max) else {
                throw .malformed(box: "tfhd", reason: "base data offset \(offset)")
            }
            base = Int(offset)
        }
        baseDataOffset = base
        if flags & 0x02 != 0 { try fields.skip(4) }
        var defaults = defaults
        if flags & 0x08 != 0 { defaults.sampleDuration = try fields.read() }
        if flags & 0x10 != 0 { defaults.sampleSize = try fields.read() }
        if flags & 0x20 != 0 { defaults.sampleFlags = try fields.read() }
        self.defaults = defaults
    }
}
