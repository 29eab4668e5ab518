public import NIOCore

/// A timed event in the media: an `emsg` box of version 1 (ISO/IEC 23009-1 §5.10.3.3).
public struct EventMessage: Sendable, Hashable {
    /// Scheme of complete ID3v2.4 tags (AOM: Carriage of ID3 Timed Metadata in CMAF).
    public static let id3Scheme = "https://aomedia.org/emsg/ID3"

    /// The value for events whose end is not known.
    public static let unknownDuration: UInt32 = 0xFFFF_FFFF

    public var scheme: String
    public var value: String

    /// Units a second of the two times; the track's own.
    public var timescale: UInt32

    /// On the track's timeline, with the same zero as `tfdt`.
    public var presentationTime: UInt64
    public var duration: UInt32

    /// Messages of one scheme and value with equal ids are the same event: repeats keep the id.
    public var id: UInt32
    public var message: ByteBuffer

    public init(
        scheme: String,
        value: String = "",
        timescale: UInt32 = 48_000,
        presentationTime: UInt64,
        duration: UInt32 = EventMessage.unknownDuration,
        id: UInt32,
        message: ByteBuffer
    ) {
        self.scheme = scheme
        self.value = value
        self.timescale = timescale
        self.presentationTime = presentationTime
        self.duration = duration
        self.id = id
        self.message = message
    }

    /// An ID3 tag that is in force from `presentationTime` until the next.
    public init(id3 tag: ID3Tag, presentationTime: UInt64, id: UInt32, timescale: UInt32 = 48_000) {
        var message = ByteBuffer()
        tag.write(into: &message)
        self.init(
            scheme: Self.id3Scheme,
            timescale: timescale,
            presentationTime: presentationTime,
            id: id,
            message: message
        )
    }

    public func write(into buffer: inout ByteBuffer) {
        buffer.writeFullBox("emsg", version: 1) { emsg in
            emsg.writeMultipleIntegers(timescale, presentationTime, duration, id)
            emsg.writeTerminatedString(scheme)
            emsg.writeTerminatedString(value)
            emsg.writeImmutableBuffer(message)
        }
    }

    /// Reads the body of an `emsg` box.
    init(body: ByteBuffer) throws(CMAFError) {
        var body = body
        guard let version = body.readInteger(as: UInt32.self) else {
            throw .malformed(box: "emsg", reason: "no version")
        }
        guard version >> 24 == 1 else {
            throw .unsupported("emsg of version \(version >> 24)")
        }
        guard
            let (timescale, time, duration, id) = body.readMultipleIntegers(
                as: (UInt32, UInt64, UInt32, UInt32).self
            ),
            timescale > 0,
            let scheme = body.readTerminatedString(),
            let value = body.readTerminatedString()
        else {
            throw .malformed(box: "emsg", reason: "ends early, or timescale 0")
        }
        self.init(
            scheme: scheme,
            value: value,
            timescale: timescale,
            presentationTime: time,
            duration: duration,
            id: id,
            message: body.slice()
        )
    }
}

extension ByteBuffer {
    fileprivate mutating func readTerminatedString() -> String? {
        guard let end = readableBytesView.firstIndex(of: 0) else { return nil }
        let string = readString(length: end - readerIndex)
        moveReaderIndex(forwardBy: 1)
        return string
    }
}
