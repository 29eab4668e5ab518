import NIOCore

extension RTMPServerSession {
    /// A command message: name, transaction, command object, arguments (RTMP 1.0 §7.2).
    mutating func handleCommand(
        _ payload: ByteBuffer, _ header: MessageHeader, into events: inout [RTMPEvent]
    ) throws(RTMPError) {
        let command: Command
        do throws(AMFError) {
            command = try Command(payload)
        } catch {
            throw .malformedCommand(error)
        }
        guard command.name == "connect" || phase != .awaitingConnect else { throw .commandBeforeConnect }
        switch command.name {
        case "connect": try connect(command, into: &events)
        case "createStream": try createStream(command)
        case "publish": try publish(command, on: header.streamID, into: &events)
        case "FCUnpublish": unpublish(into: &events)
        case "deleteStream": deleteStream(command, into: &events)
        case "closeStream": if isCurrent(header.streamID) { unpublish(into: &events) }
        case "play", "play2":
            events.append(.ignored(.play))
            guard answers.earnsAnswer() else { return }
            answers.onStatus(
                streamID: header.streamID, level: "error", code: "NetStream.Play.StreamNotFound",
                description: "This server takes streams over RTMP; listen at its web page.")
        // Answers to calls that were never made.
        case "_result", "_error", "onStatus": break
        // releaseStream, FCPublish, _checkbw and whatever else: some encoders wait for the answer that they asked for.
        default:
            if command.transaction != 0, answers.earnsAnswer() {
                answers.result(transaction: command.transaction, .null, .null)
            }
        }
    }

    private mutating func connect(_ command: Command, into events: inout [RTMPEvent]) throws(RTMPError) {
        guard phase == .awaitingConnect else { throw .repeatedConnect }
        let object = command.object ?? AMFObject()
        let request = ConnectRequest(object)
        connectRequest = request
        phase = .idle
        answers.announceConnection()
        let support = Self.enhancedSupport
        var properties: AMFObject = ["fmsVer": .string("FMS/3,0,1,123"), "capabilities": .number(31)]
        var information: AMFObject = [
            "level": .string("status"), "code": .string("NetConnection.Connect.Success"),
            "description": .string("Connection succeeded."), "objectEncoding": .number(0),
        ]
        // The text leaves open in which of the two objects clients look.
        properties.properties += support
        information.properties += support
        answers.result(transaction: command.transaction, .object(properties), .object(information))
        events.append(.connected(request))
    }

    /// What the server takes beyond RTMP 1.0 (Enhanced RTMP v2, "Enhancing NetConnection connect").
    private static var enhancedSupport: [AMFObject.Property] {
        let codecs = FLVAudioCodec.allCases.map(\.rawValue)
        var map = AMFObject()
        // CanDecode.
        map.properties = codecs.map { AMFObject.Property(name: $0, value: .number(1)) }
        let capabilities: ConnectRequest.Capabilities = [.reconnect, .multitrack, .modEx, .timestampNanoOffset]
        let support: AMFObject = [
            "fourCcList": .array(codecs.map(AMFValue.string)), "audioFourCcInfoMap": .object(map),
            "capsEx": .number(Double(capabilities.rawValue)),
        ]
        return support.properties
    }

    private mutating func createStream(_ command: Command) throws(RTMPError) {
        guard openMessageStreams.count < limits.messageStreams, answers.earnsAnswer()
        else { throw .tooManyMessageStreams(limit: limits.messageStreams) }
        lastMessageStreamID += 1
        openMessageStreams.insert(lastMessageStreamID)
        answers.result(transaction: command.transaction, .null, .number(Double(lastMessageStreamID)))
    }

    private mutating func deleteStream(_ command: Command, into events: inout [RTMPEvent]) {
        guard let number = command.arguments.first?.number, let id = UInt32(exactly: number) else { return }
        openMessageStreams.remove(id)
        if isCurrent(id) { unpublish(into: &events) }
    }

    /// Whether a message stream is the one that is, or asks to be, published.
    private func isCurrent(_ messageStreamID: UInt32) -> Bool {
        switch phase {
        case .deciding(let id), .publishing(let id): id == messageStreamID
        default: false
        }
    }

    private mutating func unpublish(into events: inout [RTMPEvent]) {
        switch phase {
        case .deciding: phase = .withdrawn
        case .publishing: phase = .idle
        default: return
        }
        stopMedia()
        events.append(.unpublish)
    }
}
