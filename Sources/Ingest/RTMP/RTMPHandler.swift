import AudioTimeline
import HTTPService
import Logging
import NIOCore
import RTMP
import Telemetry

/// The shell around `RTMPServerSession`: one encoder's connection.
final class RTMPHandler: ChannelInboundHandler, PacedHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let ingest: IngestContext
    private let logger: Logger
    private let origin: String
    private var session = RTMPServerSession()
    private var source = TagSource()
    private var push: Push?
    private var deadlines = RTMPDeadlines()
    private(set) var isClosing = false
    private var isInactive = false
    var input = PacedInput()
    private var metadata: StreamMetadata?
    private var address = IPAddress.unspecified
    private var decision: Task<Void, Never>?

    private static let keyIsMissing =
        "The address has no stream key. Put it behind /live/, or where the encoder asks for the key."
    private static let tick = TimeAmount.milliseconds(500)
    /// Encoders show a refusal only if it reaches them before the close.
    private static let lingering = TimeAmount.seconds(1)

    init(ingest: IngestContext, origin: String, logger: Logger) {
        self.ingest = ingest
        self.origin = origin
        self.logger = logger
    }

    func channelActive(context: ChannelHandlerContext) {
        ingest.metrics.connections.increment()
        address = context.remoteAddress?.ipAddress.flatMap { IPAddress($0) } ?? .unspecified
        deadlines.connected(now: .now(), settings: ingest.settings)
        scheduleTick(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ingest.metrics.connections.decrement()
        isInactive = true
        peerEnded(context)
        context.fireChannelInactive()
    }

    func inputEnded(_ context: ChannelHandlerContext) { gone() }

    private func gone() {
        isClosing = true
        decision?.cancel()
        push?.lost()
        push = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        postponeReadDeadline()
        received(unwrapInboundIn(data), context)
    }

    func postponeReadDeadline() { deadlines.received(now: .now(), settings: ingest.settings) }

    var excessLead: Int64 { push?.excessLead ?? 0 }

    func overflowed(_ context: ChannelHandlerContext) {
        logger.notice("Connection refused", metadata: ["reason": "too fast", "origin": "\(origin)"])
        close(context)
    }

    func take(_ piece: ByteBuffer, _ context: ChannelHandlerContext) {
        var bytes = piece
        var events: [RTMPEvent] = []
        do {
            try session.receive(&bytes, into: &events)
            for event in events { handle(event, context) }
            writeOutput(context)
        } catch {
            for event in events { handle(event, context) }
            refuse(error, context)
        }
    }

    private func refuse(_ error: RTMPError, _ context: ChannelHandlerContext) {
        var reason = "\(error)"
        var answer: String?
        switch error {
        case .notRTMP(UInt8(ascii: "A")...UInt8(ascii: "Z")):
            reason = ingest.ports.whereHTTPGoes
            answer =
                "HTTP/1.1 421 \(reason)\r\nContent-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\n"
                + "Connection: close\r\n\r\n\(reason)\n"
        // An alert of TLS has no room for words.
        case .notRTMP(0x16): reason = ingest.ports.whereTLSGoes
        default: break
        }
        logger.notice(
            "Connection refused", metadata: ["reason": "\(reason)", "client": "\(address)", "origin": "\(origin)"])
        if let answer { context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil) }
        writeOutput(context)
        close(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("Connection failed", metadata: ["reason": "\(error)", "origin": "\(origin)"])
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: Events

    private func handle(_ event: RTMPEvent, _ context: ChannelHandlerContext) {
        switch event {
        case .publish(let request) where request.keys.isEmpty: missedKey(context)
        case .publish(let request): authorize(request, context)
        case .audio(let tag):
            do throws(PushRefusal) {
                try push?.take(source.items(of: tag))
            } catch {
                end(error, context)
            }
        case .metadata(let metadata): told(metadata)
        case .unpublish: unpublished()
        case .unsupportedCodec(let name): end(.undecodable(TagSource.refusal(ofCodec: name).sentence), context)
        case .missingSequenceHeader: end(.unsupported("The audio came without its set-up data."), context)
        case .connected, .video, .ignored: break
        }
    }

    private func authorize(_ request: PublishRequest, _ context: ChannelHandlerContext) {
        deadlines.deciding()
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        let address = address
        decision = Task { [ingest] in
            let answer: Result<(StreamKeyHolder, PushPlace), PushRefusal>
            do throws(PushRefusal) {
                answer = .success(try await ingest.admission.admit(request.keys, from: address, over: "rtmp"))
            } catch {
                answer = .failure(error)
            }
            eventLoop.execute {
                let (handler, context) = loopBound.value
                handler.decided(answer, context)
            }
        }
    }

    private func missedKey(_ context: ChannelHandlerContext) {
        deadlines.deciding()
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        let refuse: @Sendable () -> Void = {
            let (handler, context) = loopBound.value
            handler.refusePublish(Self.keyIsMissing, context)
        }
        decision = Task { [admission = ingest.admission, address] in
            await admission.missedKey(from: address, over: "rtmp")
            eventLoop.execute(refuse)
        }
    }

    private func decided(
        _ answer: Result<(StreamKeyHolder, PushPlace), PushRefusal>, _ context: ChannelHandlerContext
    ) {
        guard !isClosing else { return }
        switch answer {
        case .success((let holder, let place)):
            let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            let eventLoop = context.eventLoop
            push = Push(holder: holder, place: place, origin: origin, streams: ingest.streams, logger: logger) {
                closure in
                eventLoop.execute {
                    let (handler, context) = loopBound.value
                    handler.closed(closure, context)
                }
            }
            source = TagSource()
            deadlines.publishing(now: .now(), settings: ingest.settings)
            session.acceptPublish()
            push?.logger.info("Encoder connected")
            if let metadata { told(metadata) }
        case .failure(let refusal): refusePublish(refusal.sentence, context)
        }
        // What the encoder sent without waiting for the answer is in the session.
        drainHeldEvents(context)
        writeOutput(context)
    }

    private func refusePublish(_ sentence: String, _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        session.refusePublish(.badName, description: sentence)
        writeOutput(context)
        close(context)
    }

    private func drainHeldEvents(_ context: ChannelHandlerContext) {
        var none = ByteBuffer()
        var events: [RTMPEvent] = []
        do {
            try session.receive(&none, into: &events)
        } catch {
            logger.notice("Connection refused", metadata: ["reason": "\(error)", "origin": "\(origin)"])
            close(context)
        }
        for event in events { handle(event, context) }
    }

    private func end(_ refusal: PushRefusal, _ context: ChannelHandlerContext) {
        push?.lost()
        closed(.refused(refusal), context)
    }

    /// The server wants this push closed.
    private func closed(_ closure: PushClosure, _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        push?.logger.notice("Encoder disconnected", metadata: ["reason": "\(closure.sentence)"])
        push = nil
        session.endPublish(description: closure.sentence)
        writeOutput(context)
        close(context)
    }

    private func told(_ metadata: StreamMetadata) {
        self.metadata = metadata
        push?.nowPlaying(NowPlaying(metadata), from: .container)
    }

    private func unpublished() {
        push?.logger.info("Encoder ended the stream")
        push?.ended()
        push = nil
        metadata = nil
        deadlines.connected(now: .now(), settings: ingest.settings)
    }

    // MARK: Output and time

    private func writeOutput(_ context: ChannelHandlerContext) {
        // A peer that does not read leaves its answers in the session, which has a limit for them.
        guard !isInactive, context.channel.isWritable, let output = session.takeOutput() else { return }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
    }

    private func close(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        gone()
        guard !isInactive else { return }
        context.close(mode: .output, promise: nil)
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.lingering) { loopBound.value.close(promise: nil) }
    }

    private func scheduleTick(_ context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.tick) {
            let (handler, context) = loopBound.value
            handler.tick(context)
        }
    }

    private func tick(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        if push?.hasMedia == true { deadlines.hasMedia() }
        switch deadlines.passed(now: .now()) {
        case .audio: end(.noAudio(within: ingest.settings.audioDeadline), context)
        case .publish, .read:
            logger.info("Silent connection closed", metadata: ["origin": "\(origin)"])
            close(context)
        case nil: scheduleTick(context)
        }
    }
}

/// What a connection must have done by when.
private struct RTMPDeadlines {
    enum Kind {
        case publish
        case audio
        case read
    }

    private var publish: NIODeadline?
    private var audio: NIODeadline?
    private var read = NIODeadline.distantFuture

    mutating func connected(now: NIODeadline, settings: IngestSettings) {
        publish = now + .seconds(10)
        audio = nil
        received(now: now, settings: settings)
    }

    mutating func received(now: NIODeadline, settings: IngestSettings) {
        read = now + .nanoseconds(settings.readDeadline.nanoseconds)
    }

    mutating func deciding() { publish = nil }

    mutating func publishing(now: NIODeadline, settings: IngestSettings) {
        audio = now + .nanoseconds(settings.audioDeadline.nanoseconds)
    }

    mutating func hasMedia() { audio = nil }

    func passed(now: NIODeadline) -> Kind? {
        if let publish, publish <= now { return .publish }
        if let audio, audio <= now { return .audio }
        return read <= now ? .read : nil
    }
}
