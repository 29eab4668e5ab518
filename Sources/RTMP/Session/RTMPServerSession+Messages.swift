import NIOCore

extension RTMPServerSession {
    mutating func handle(_ output: ChunkReader.Output, into events: inout [RTMPEvent]) throws(RTMPError) {
        switch output {
        case .message(let header, let payload): try handle(header, payload, into: &events)
        case .discarded(let header): try handleDiscarded(header, into: &events)
        }
    }

    private mutating func handle(
        _ header: MessageHeader, _ payload: ByteBuffer, into events: inout [RTMPEvent]
    ) throws(RTMPError) {
        switch MessageType(rawValue: header.type) {
        case .windowAcknowledgementSize:
            guard let size = payload.getInteger(at: payload.readerIndex, as: UInt32.self)
            else { return events.append(.ignored(.control(messageType: header.type))) }
            answers.setPeerWindow(size)
        case .userControl: handleUserControl(payload, into: &events)
        case .commandAMF0: try handleCommand(payload, header, into: &events)
        case .commandAMF3:
            // A selector byte leads; AMF3 values announce themselves.
            let body = payload.getSlice(at: payload.readerIndex + 1, length: payload.readableBytes - 1)
            try handleCommand(body ?? ByteBuffer(), header, into: &events)
        case .audio, .dataAMF0, .dataAMF3: handleMedia(header, payload, into: &events)
        case .aggregate: handleAggregate(header, payload, into: &events)
        // Chunk size and abort are the chunk reader's; acknowledgements and bandwidth are of no use to a server that
        // sends next to nothing; video and unknown types never get here.
        case .setChunkSize, .abort, .acknowledgement, .setPeerBandwidth, .video, nil: break
        }
    }

    private mutating func handleDiscarded(
        _ header: MessageHeader, into events: inout [RTMPEvent]
    ) throws(RTMPError) {
        switch MessageType(rawValue: header.type) {
        case .video, .aggregate:
            guard isPublished(header.streamID) else { return reportOutsidePublication(header, into: &events) }
            events.append(.video(byteCount: header.length))
        default:
            unknownMessageCount += 1
            guard unknownMessageCount <= limits.unknownMessages
            else { throw .tooManyUnknownMessages(limit: limits.unknownMessages) }
            events.append(.ignored(.messageType(header.type)))
        }
    }

    /// Of the user control events only PingRequest, 6, wants something (RTMP 1.0 §7.1.7).
    private mutating func handleUserControl(_ payload: ByteBuffer, into events: inout [RTMPEvent]) {
        guard let event = payload.getInteger(at: payload.readerIndex, as: UInt16.self)
        else { return events.append(.ignored(.control(messageType: MessageType.userControl.rawValue))) }
        guard event == 6 else { return }
        guard let data = payload.getInteger(at: payload.readerIndex + 2, as: UInt32.self)
        else { return events.append(.ignored(.control(messageType: MessageType.userControl.rawValue))) }
        if answers.earnsAnswer() { answers.pong(data) }
    }

    private mutating func handleAggregate(
        _ header: MessageHeader, _ payload: ByteBuffer, into events: inout [RTMPEvent]
    ) {
        var aggregate = AggregateMessage(payload, timestamp: header.timestamp)
        while let part = aggregate.next() {
            let partHeader = MessageHeader(
                type: part.type, timestamp: part.timestamp, streamID: header.streamID,
                length: part.payload.readableBytes)
            switch MessageType(rawValue: part.type) {
            case .audio, .dataAMF0, .dataAMF3: handleMedia(partHeader, part.payload, into: &events)
            case .video where isPublished(header.streamID): events.append(.video(byteCount: partHeader.length))
            default: events.append(.ignored(.messageType(part.type)))
            }
        }
        if !aggregate.isAtEnd { events.append(.ignored(.aggregate)) }
    }

    private mutating func handleMedia(
        _ header: MessageHeader, _ payload: ByteBuffer, into events: inout [RTMPEvent]
    ) {
        guard header.length > 0 else { return }
        var isHeld = false
        if case .deciding(let id) = phase { isHeld = Self.belongs(header.streamID, to: id) }
        guard isHeld || isPublished(header.streamID) else { return reportOutsidePublication(header, into: &events) }
        var said: [FLVEvent] = []
        if MessageType(rawValue: header.type) == .audio {
            interpreter.audio(payload, timestamp: header.timestamp, into: &said)
        } else {
            let isAMF3 = MessageType(rawValue: header.type) == .dataAMF3
            interpreter.data(payload, isAMF3: isAMF3, into: &said)
        }
        for event in said {
            if isHeld { hold(RTMPEvent(event)) } else { events.append(RTMPEvent(event)) }
        }
    }

    /// Keeps what an encoder that does not wait for the answer says only once; frames are lost.
    private mutating func hold(_ event: RTMPEvent) {
        guard heldEvents.count < 16 else { return }
        switch event {
        case .audio(let tag):
            if case .frame = tag.payload { return }
            heldEvents.append(event)
        case .metadata, .unsupportedCodec: heldEvents.append(event)
        default: break
        }
    }

    private func isPublished(_ messageStreamID: UInt32) -> Bool {
        if case .publishing(let id) = phase { Self.belongs(messageStreamID, to: id) } else { false }
    }

    /// Some encoders send media with message stream id 0, or always 1.
    private static func belongs(_ messageStreamID: UInt32, to published: UInt32) -> Bool {
        messageStreamID == published || messageStreamID <= 1
    }

    private func reportOutsidePublication(_ header: MessageHeader, into events: inout [RTMPEvent]) {
        events.append(.ignored(.mediaOutsidePublication(messageStreamID: header.streamID)))
    }
}
