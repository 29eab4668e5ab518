import NIOCore

/// EXT-X-SERVER-CONTROL (RFC 8216bis §4.4.3.8): what the server can do, and how far from the end players stay.
///
/// Attributes and values must be the same in all media playlists of a presentation and never change (§6.2.4).
public struct ServerControl: Sendable, Hashable {
    public var canBlockReload: Bool

    /// The Skip Boundary, in samples: at least six target durations. `nil`: no delta updates.
    public var canSkipUntilSamples: Int?

    /// Whether delta updates may also leave out date ranges.
    public var canSkipDateRanges: Bool

    /// At least three target durations.
    public var holdBackSamples: Int?

    /// At least twice, better three times the part target. Needed with parts.
    public var partHoldBackSamples: Int?

    public init(
        canBlockReload: Bool = true,
        canSkipUntilSamples: Int? = nil,
        canSkipDateRanges: Bool = false,
        holdBackSamples: Int? = nil,
        partHoldBackSamples: Int? = nil
    ) {
        self.canBlockReload = canBlockReload
        self.canSkipUntilSamples = canSkipUntilSamples
        self.canSkipDateRanges = canSkipDateRanges
        self.holdBackSamples = holdBackSamples
        self.partHoldBackSamples = partHoldBackSamples
    }

    /// The least that the standard allows for a target duration: skipping from six of them on, holding back three.
    ///
    /// - Parameter partHoldBackSamples: `nil` for playlists without parts.
    public static func live(targetDurationSeconds: Int, partHoldBackSamples: Int?) -> ServerControl {
        let target = SampleDuration.samples(seconds: min(targetDurationSeconds, 86_400))
        return ServerControl(
            canSkipUntilSamples: target * 6,
            holdBackSamples: target * 3,
            partHoldBackSamples: partHoldBackSamples
        )
    }

    func write(into buffer: inout ByteBuffer) {
        var attributes = AttributeWriter(tag: "#EXT-X-SERVER-CONTROL:", into: &buffer)
        // Absence says no; some players only look whether the attribute is there.
        if canBlockReload { attributes.write("CAN-BLOCK-RELOAD=", enumerated: "YES", into: &buffer) }
        if let canSkipUntilSamples {
            attributes.write("CAN-SKIP-UNTIL=", samples: canSkipUntilSamples, into: &buffer)
            if canSkipDateRanges { attributes.write("CAN-SKIP-DATERANGES=", enumerated: "YES", into: &buffer) }
        }
        if let holdBackSamples { attributes.write("HOLD-BACK=", samples: holdBackSamples, into: &buffer) }
        if let partHoldBackSamples {
            attributes.write("PART-HOLD-BACK=", samples: partHoldBackSamples, into: &buffer)
        }
        buffer.writeNewline()
    }

    init(_ list: AttributeList) throws(PlaylistError) {
        canBlockReload = list["CAN-BLOCK-RELOAD"] == "YES"
        canSkipUntilSamples = try list.samples("CAN-SKIP-UNTIL")
        canSkipDateRanges = list["CAN-SKIP-DATERANGES"] == "YES"
        holdBackSamples = try list.samples("HOLD-BACK")
        partHoldBackSamples = try list.samples("PART-HOLD-BACK")
    }
}
