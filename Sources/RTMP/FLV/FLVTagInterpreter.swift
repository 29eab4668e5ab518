import NIOCore

/// Turns the payloads of one publication or file into events, with the state that spans them: unwrapped time, decoder
/// set-up in force, metadata in force.
struct FLVTagInterpreter: Sendable {
    /// How long audio may come without its sequence header before that is an error, in milliseconds of its own time.
    private static let headerGraceMilliseconds: Int64 = 5000
    /// The same for encoders whose times stand still.
    private static let headerGraceFrames = 500

    private var clock = TimestampUnwrapper()
    private var tracks = AudioTrackMemory()
    private var metadata = StreamMetadata()
    private var saidUnsupported = false
    private var headerless: (since: Int64, frames: Int, said: Bool)?

    mutating func audio(_ payload: ByteBuffer, timestamp: UInt32, into events: inout [FLVEvent]) {
        var items: [AudioTagParser.Item] = []
        var failure: AudioTagError?
        do throws(AudioTagError) {
            try AudioTagParser.parse(payload, timestamp: clock.unwrap(timestamp), into: &items)
        } catch {
            failure = error
        }
        // What stood before the fault is good.
        for item in items { interpret(item, into: &events) }
        if let failure { events.append(.ignored(.audio(failure))) }
    }

    /// A data message or script tag; `isAMF3` where a selector byte leads it (types 15 and 17).
    mutating func data(_ payload: ByteBuffer, isAMF3: Bool, into events: inout [FLVEvent]) {
        var body = payload
        if isAMF3 { body.moveReaderIndex(forwardBy: min(1, body.readableBytes)) }
        do throws(AMFError) {
            guard let changed = try StreamMetadata(dataMessage: body), changed != metadata else { return }
            metadata = changed
            events.append(.metadata(changed))
        } catch {
            events.append(.ignored(.data(error)))
        }
    }

    private mutating func interpret(_ item: AudioTagParser.Item, into events: inout [FLVEvent]) {
        switch item {
        case .tag(let tag):
            guard case .frame(.aac, let body) = tag.payload, let frames = ADTSFrames(body) else {
                return pass(tag, into: &events)
            }
            var unwrapped = tag
            if !tracks.hasHeader(of: .aac, on: tag.track) {
                unwrapped.payload = .sequenceHeader(.aac, frames.configuration)
                pass(unwrapped, into: &events)
            }
            for unit in frames.units {
                unwrapped.payload = .frame(.aac, unit)
                pass(unwrapped, into: &events)
            }
        case .unsupportedCodec(let name, track: 0):
            guard !saidUnsupported else { return }
            saidUnsupported = true
            events.append(.unsupportedCodec(name: name))
        case .unsupportedCodec(let name, let track):
            events.append(.ignored(.unsupportedTrack(name: name, track: track)))
        }
    }

    private mutating func pass(_ tag: AudioTag, into events: inout [FLVEvent]) {
        switch tracks.judge(tag) {
        case .pass:
            if tag.track == 0 { headerless = nil }
            events.append(.audio(tag))
        case .drop: break
        case .tooManyTracks: events.append(.ignored(.audio(.tooManyTracks)))
        case .headerMissing:
            guard case .frame(let codec, _) = tag.payload else { return }
            events.append(.ignored(.frameBeforeSequenceHeader(codec, track: tag.track)))
            if tag.track == 0 { countHeaderless(tag.timestamp, codec, into: &events) }
        }
    }

    private mutating func countHeaderless(_ time: Int64, _ codec: FLVAudioCodec, into events: inout [FLVEvent]) {
        var count = headerless ?? (since: time, frames: 0, said: false)
        count.frames += 1
        if !count.said, time - count.since >= Self.headerGraceMilliseconds || count.frames >= Self.headerGraceFrames {
            count.said = true
            events.append(.missingSequenceHeader(codec))
        }
        headerless = count
    }
}
