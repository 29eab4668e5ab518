extension RTMPServerSession {
    /// A second publish on the connection is refused; the first goes on.
    mutating func publish(
        _ command: Command, on messageStreamID: UInt32, into events: inout [RTMPEvent]
    ) throws(RTMPError) {
        guard phase == .idle, let connectRequest else {
            if answers.earnsAnswer() {
                answers.onStatus(
                    streamID: messageStreamID, level: "error", code: PublishRefusal.badName.rawValue,
                    description: "This connection publishes already.")
            }
            return
        }
        let request = PublishRequest(
            application: connectRequest.application, tcURL: connectRequest.tcURL,
            streamName: command.arguments.first?.string ?? "")
        guard request.streamKey.utf8.count <= limits.streamKeyBytes else {
            let error = RTMPError.streamKeyTooLong(limit: limits.streamKeyBytes)
            writeRefusal(.badName, description: error.description, streamID: messageStreamID)
            throw error
        }
        phase = .deciding(messageStreamID: messageStreamID)
        interpreter = FLVTagInterpreter()
        events.append(.publish(request))
    }

    /// Accepts the publish asked for; media follows. Does nothing when the peer has taken it back meanwhile.
    public mutating func acceptPublish() {
        switch phase {
        case .deciding(let id):
            phase = .publishing(messageStreamID: id)
            reader.isPublishing = true
            answers.onStatus(
                streamID: id, level: "status", code: "NetStream.Publish.Start", description: "Publishing has begun.")
        case .withdrawn: phase = .idle
        default: break
        }
    }

    /// Refuses the publish asked for. Write the output, close the sending side, wait a second, close: encoders show
    /// `description` only if it reaches them before the close.
    public mutating func refusePublish(_ code: PublishRefusal, description: String) {
        switch phase {
        case .deciding(let id):
            writeRefusal(code, description: description, streamID: id)
            close()
        case .withdrawn: phase = .idle
        default: break
        }
    }

    /// Ends a publication from the server's side: taken over, key revoked, codec not supported. Write the output, then
    /// close.
    public mutating func endPublish(description: String) {
        guard case .publishing(let id) = phase else { return }
        answers.onStatus(streamID: id, level: "error", code: "NetStream.Failed", description: description)
        close()
    }

    /// Asks the encoder to connect again, to `tcURL` where one is given (Enhanced RTMP v2, "Reconnect Request"), and
    /// goes on serving until it does.
    /// - Returns: False when the encoder did not announce that it can; closing is then the way to move it.
    public mutating func requestReconnect(tcURL: String? = nil, description: String) -> Bool {
        guard phase != .closed, connectRequest?.capabilities.contains(.reconnect) == true else { return false }
        answers.onStatus(
            streamID: 0, level: "status", code: "NetConnection.Connect.ReconnectRequest", description: description,
            more: tcURL.map { [AMFObject.Property(name: "tcUrl", value: .string($0))] } ?? [])
        return true
    }

    mutating func stopMedia() {
        reader.isPublishing = false
        heldEvents = []
    }

    private mutating func writeRefusal(_ code: PublishRefusal, description: String, streamID: UInt32) {
        answers.onStatus(streamID: streamID, level: "error", code: code.rawValue, description: description)
    }

    private mutating func close() {
        phase = .closed
        stopMedia()
        unread = UnreadBytes()
    }
}
