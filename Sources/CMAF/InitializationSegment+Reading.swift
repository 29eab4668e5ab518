public import NIOCore

extension InitializationSegment {
    /// Reads the first `moov` of `bytes`.
    public init(reading bytes: ByteBuffer) throws(CMAFError) {
        let bytes = bytes.slice()
        var boxes = BoxCursor(bytes)
        self = try Self.read(boxes.first("moov"), of: bytes).segment
    }

    static func read(
        _ moov: Box,
        of bytes: ByteBuffer
    ) throws(CMAFError) -> (segment: InitializationSegment, defaults: TrackDefaults) {
        var tracks = BoxCursor(bytes, inside: moov)
        let trak = try tracks.first("trak")
        while let box = try tracks.next() {
            guard box.type != "trak" else { throw .unsupported("a file with more than one track") }
        }
        var parts = BoxCursor(bytes, inside: trak)
        var header = BoxFields(bytes, of: try parts.first("tkhd"))
        try header.skip(try header.read(UInt32.self) >> 24 == 1 ? 16 : 8)
        let trackID: UInt32 = try header.read()

        var media = BoxCursor(bytes, inside: try parts.first("mdia"))
        var mediaHeader = BoxFields(bytes, of: try media.first("mdhd"))
        try mediaHeader.skip(try mediaHeader.read(UInt32.self) >> 24 == 1 ? 16 : 8)
        let timescale: UInt32 = try mediaHeader.read()
        guard timescale > 0 else { throw .malformed(box: "mdhd", reason: "timescale 0") }

        var information = BoxCursor(bytes, inside: try media.first("minf"))
        var table = BoxCursor(bytes, inside: try information.first("stbl"))
        var entries = BoxCursor(bytes, inside: try table.first("stsd"), skipping: 8)
        guard let entry = try entries.next() else { throw .malformed(box: "stsd", reason: "no sample entry") }
        let (format, bitRate) = try readSampleEntry(entry, of: bytes)
        let segment = InitializationSegment(
            format: format,
            timescale: timescale,
            trackID: trackID,
            bitRate: bitRate
        )
        return (segment, try readDefaults(of: trackID, moov: moov, of: bytes))
    }

    /// The `trex` of a track; a file without `mvex` has no fragments.
    private static func readDefaults(
        of trackID: UInt32,
        moov: Box,
        of bytes: ByteBuffer
    ) throws(CMAFError) -> TrackDefaults {
        var boxes = BoxCursor(bytes, inside: moov)
        var extensions = BoxCursor(bytes, inside: try boxes.first("mvex"))
        while let box = try extensions.next() {
            guard box.type == "trex" else { continue }
            var fields = BoxFields(bytes, of: box)
            try fields.skip(4)
            guard try fields.read() == trackID else { continue }
            try fields.skip(4)
            return TrackDefaults(
                sampleDuration: try fields.read(),
                sampleSize: try fields.read(),
                sampleFlags: try fields.read()
            )
        }
        throw .missing(box: "trex", within: "mvex")
    }

    private static func readSampleEntry(
        _ entry: Box,
        of bytes: ByteBuffer
    ) throws(CMAFError) -> (format: AudioFormat, bitRate: UInt32) {
        var fields = BoxFields(bytes, of: entry)
        try fields.skip(8)
        guard try fields.read(UInt16.self) == 0 else { throw .unsupported("a QuickTime sound description") }
        var boxes = BoxCursor(bytes, inside: entry, skipping: 28)
        switch entry.type {
        case "mp4a":
            let (configuration, bitRate) = try readElementaryStream(BoxFields(bytes, of: try boxes.first("esds")))
            return (.aac(configuration), bitRate)
        case "Opus":
            let box = BoxFields(bytes, of: try boxes.first("dOps"))
            return (.opus(try OpusConfiguration(body: box.remainder)), 0)
        case "fLaC":
            let box = BoxFields(bytes, of: try boxes.first("dfLa"))
            return (.flac(try FLACStreamInfo(body: box.remainder)), 0)
        default:
            throw .unsupported("a track of '\(entry.type)'")
        }
    }

    /// `esds`: ES_Descriptor, DecoderConfigDescriptor, DecoderSpecificInfo (ISO/IEC 14496-1 §7.2.6).
    private static func readElementaryStream(
        _ esds: BoxFields
    ) throws(CMAFError) -> (configuration: AudioSpecificConfig, bitRate: UInt32) {
        var fields = esds
        try fields.skip(4)
        try expectDescriptor(3, in: &fields)
        try fields.skip(2)
        let flags = try fields.read(UInt8.self)
        if flags & 0x80 != 0 { try fields.skip(2) }
        if flags & 0x40 != 0 { try fields.skip(Int(try fields.read(UInt8.self))) }
        if flags & 0x20 != 0 { try fields.skip(2) }
        try expectDescriptor(4, in: &fields)
        guard try fields.read(UInt8.self) == 0x40 else { throw .unsupported("an mp4a track that is not MPEG-4 AAC") }
        try fields.skip(8)
        let bitRate = try fields.read(UInt32.self)
        let length = try expectDescriptor(5, in: &fields)
        guard let bytes = fields.remainder.getBytes(at: 0, length: length) else {
            throw .malformed(box: "esds", reason: "AudioSpecificConfig ends early")
        }
        return (try AudioSpecificConfig(bytes), bitRate)
    }

    /// Reads a descriptor's tag and its length, which has seven bits a byte.
    @discardableResult
    private static func expectDescriptor(_ tag: UInt8, in fields: inout BoxFields) throws(CMAFError) -> Int {
        guard try fields.read(UInt8.self) == tag else {
            throw .malformed(box: "esds", reason: "descriptors are not in the order 3, 4, 5")
        }
        var length = 0
        for _ in 0..<4 {
            let byte = try fields.read(UInt8.self)
            length = length << 7 | Int(byte & 0x7F)
            if byte & 0x80 == 0 { return length }
        }
        throw .malformed(box: "esds", reason: "a descriptor's length has more than four bytes")
    }
}
