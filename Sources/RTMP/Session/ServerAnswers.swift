import NIOCore

/// What the server writes: control messages, command answers and acknowledgements, with the bounds on what a peer can
/// make it write.
struct ServerAnswers: Sendable {
    /// The window after which we want and, lacking an announcement, give acknowledgements, in bytes.
    private static let windowBytes: UInt32 = 2_500_000
    /// FFmpeg adopts this for its own sending; an audio frame then is one chunk.
    private static let chunkSize: UInt32 = 65536

    var output = ByteBuffer()
    private let limits: RTMPLimits
    private var writer = ChunkWriter()
    private var receivedBytes: UInt64 = 0
    private var acknowledgedBytes: UInt64 = 0
    private var peerWindowBytes = Self.windowBytes
    private var provokedAnswers: UInt64 = 0

    init(limits: RTMPLimits) {
        self.limits = limits
    }

    mutating func takeOutput() -> ByteBuffer? {
        guard output.readableBytes > 0 else { return nil }
        defer { output = ByteBuffer() }
        return output
    }

    func checkPendingOutput() throws(RTMPError) {
        guard output.readableBytes <= limits.pendingOutputBytes
        else { throw .outputNotTaken(limit: limits.pendingOutputBytes) }
    }

    mutating func countReceived(_ count: Int) {
        receivedBytes &+= UInt64(count)
    }

    mutating func setPeerWindow(_ size: UInt32) {
        peerWindowBytes = size
    }

    /// Acknowledges at half of the peer's window: some encoders stop at the whole of it. The count wraps at 2^32.
    mutating func acknowledgeIfDue() {
        let interval = max(UInt64(limits.acknowledgementIntervalBytes), UInt64(peerWindowBytes / 2))
        guard receivedBytes &- acknowledgedBytes >= interval else { return }
        acknowledgedBytes = receivedBytes
        let count = UInt32(truncatingIfNeeded: receivedBytes)
        writer.writeControl(.acknowledgement, count, into: &output)
    }

    /// Whether one more answer is given to something that a peer can repeat at will.
    mutating func earnsAnswer() -> Bool {
        guard provokedAnswers < UInt64(limits.unearnedAnswers) &+ receivedBytes / 1024 else { return false }
        provokedAnswers += 1
        return true
    }

    /// Window, bandwidth and chunk size, which come before anything longer than 128 bytes.
    mutating func announceConnection() {
        writer.writeControl(.windowAcknowledgementSize, Self.windowBytes, into: &output)
        var bandwidth = ByteBuffer(integer: Self.windowBytes)
        // Limit type "dynamic".
        bandwidth.writeInteger(UInt8(2))
        writer.write(.setPeerBandwidth, on: .control, payload: bandwidth, into: &output)
        writer.announceChunkSize(Self.chunkSize, into: &output)
    }

    /// User control event 7 with the data of the ping.
    mutating func pong(_ data: UInt32) {
        var payload = ByteBuffer(integer: UInt16(7))
        payload.writeInteger(data)
        writer.write(.userControl, on: .control, payload: payload, into: &output)
    }

    mutating func result(transaction: Double, _ values: AMFValue...) {
        command([.string("_result"), .number(transaction)] + values, on: .command, streamID: 0)
    }

    mutating func onStatus(
        streamID: UInt32, level: String, code: String, description: String, more: [AMFObject.Property] = []
    ) {
        var information: AMFObject = [
            "level": .string(level), "code": .string(code),
            "description": .string(description.displayText(maximumCount: 512)),
        ]
        information.properties += more
        command(
            [.string("onStatus"), .number(0), .null, .object(information)], on: .status, streamID: streamID)
    }

    private mutating func command(_ values: [AMFValue], on channel: ChunkWriter.Channel, streamID: UInt32) {
        var payload = ByteBuffer()
        for value in values { payload.writeAMF0(value) }
        writer.write(.commandAMF0, on: channel, streamID: streamID, payload: payload, into: &output)
    }
}
