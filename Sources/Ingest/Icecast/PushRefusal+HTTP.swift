import HTTPService

extension PushRefusal {
    /// Never 403: some clients take it for a mount in use and try for ever. With 400 and 404 they try SOURCE instead.
    /// The sentence is the reason phrase, which is all that many clients show.
    var status: HTTPStatus {
        let code =
            switch self {
            case .unknownKey, .wrongChannel: 401
            case .takeoverStorm: 409
            case .tooManyPushes, .tooManyStreams: 429
            case .noAudio, .unsupported, .unsupportedRate, .undecodable: 415
            case .shuttingDown, .unavailable: 503
            }
        return HTTPStatus(code, reason: sentence)
    }

    /// When it is worth trying again.
    var fields: [HTTPField] {
        switch self {
        case .takeoverStorm: [.retryAfter(seconds: 60)]
        case .tooManyPushes: [.retryAfter(seconds: 10)]
        case .tooManyStreams(let seconds): [.retryAfter(seconds: seconds)]
        case .shuttingDown, .unavailable: [.retryAfter(seconds: 2)]
        case .unknownKey, .wrongChannel, .noAudio, .unsupported, .unsupportedRate, .undecodable: []
        }
    }
}

extension PushClosure {
    var status: HTTPStatus {
        switch self {
        case .refused(let refusal): refusal.status
        case .takenOver: HTTPStatus(409, reason: sentence)
        case .keyRevoked: HTTPStatus(401, reason: sentence)
        case .overflow, .leaseLost: HTTPStatus(503, reason: sentence)
        }
    }
}
