/// Why a push is not taken, in words for whoever pushes.
enum PushRefusal: Error, Equatable {
    case unknownKey
    case wrongChannel(String)
    case takeoverStorm
    case noAudio(within: Duration)
    /// The key has as many connections as it may have.
    case tooManyPushes
    /// The channel began as many streams as it may begin for now.
    case tooManyStreams(retryAfter: Int)
    case unsupported(String)
    /// A sentence that names the codec and says what to send instead.
    case undecodable(String)
    case unsupportedRate(Int)
    case shuttingDown
    case unavailable

    var sentence: String {
        switch self {
        case .unknownKey: "This stream key is not known or was revoked. Copy the current key of your channel."
        case .wrongChannel(let name): "This stream key does not belong to the channel \(name). Check the address."
        case .takeoverStorm:
            "Two encoders keep taking this channel over from each other. Stop one and try again in a minute."
        case .noAudio(let time):
            "No audio came within \(time.components.seconds) seconds. Check the audio source and the audio track of the encoder."
        case .unsupportedRate(let rate):
            "Audio of \(rate) samples a second cannot be played. Send 44100 or 48000; FLAC may have up to 384000."
        case .tooManyPushes:
            "This stream key has \(PushPlaces.limit) connections already. Close the encoders that are not needed."
        case .tooManyStreams(let seconds):
            "This channel has begun too many streams. Keep the encoder connected, and try again in \(seconds) seconds."
        case .unsupported(let what): "\(what) Send AAC, MP3, Opus, Vorbis or FLAC."
        case .undecodable(let sentence): sentence
        case .shuttingDown: "The server is shutting down. Connect again in a moment."
        case .unavailable: "The server cannot take streams right now. Try again in a moment."
        }
    }
}

/// Why a push that was taken is closed by the server.
enum PushClosure: Sendable, Equatable {
    case takenOver
    case keyRevoked
    case refused(PushRefusal)
    case overflow
    case leaseLost

    var sentence: String {
        switch self {
        case .takenOver: "Another encoder took this channel over."
        case .keyRevoked: "The stream key was revoked."
        case .refused(let refusal): refusal.sentence
        case .overflow: "More audio came than can be kept."
        case .leaseLost: "Another server took this stream over. Connect again."
        }
    }
}
