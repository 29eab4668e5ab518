import AccountService
import Foundation
import HTTPService
import Logging
import NIOCore
import NIOFoundationCompat
import Persistence

/// The part of the REST interface that reads channels and counts listeners.
struct AccountResponder: HTTPResponder {
    let api: AccountAPI
    let publicURL: String?
    let logger: Logger

    func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        guard request.pathHasPrefix("/api/v1/") else { return .pass }
        let path = Array(request.pathSegments.dropFirst(2))
        // Without a name of its own, links are relative to the request, unless a trusted proxy says what it is called:
        // `Host` is the client's own word.
        let base = publicURL ?? request.forwardedBaseURL ?? ""
        switch (request.method, path.count) {
        case (.get, 1) where path[0] == "channels":
            let query = request.queryParameters
            let list = ChannelListRequest(
                live: query["live"].map { $0 == "true" }, query: query["q"], cursor: query["cursor"],
                limit: query["limit"].flatMap { Int($0) })
            return answer { try await Self.json(api.channels(list, publicURL: base)) }
        case (.get, 2) where path[0] == "channels":
            return answer {
                guard let channel = try await api.channel(named: path[1], publicURL: base) else {
                    throw AccountError.unknownChannel(path[1])
                }
                return try Self.json(channel)
            }
        case (.get, 3) where path[0] == "channels" && path[2] == "recordings":
            let cursor = request.queryParameters["cursor"]
            return answer {
                try await Self.json(api.recordings(channelNamed: path[1], cursor: cursor, publicURL: base))
            }
        case (.post, 3) where path[0] == "channels" && path[2] == "presence":
            let beacon = Beacon(
                address: request.clientAddress, userAgent: request["user-agent"] ?? "",
                isOurs: request["twitchy-player"] != nil, session: request["twitchy-session"])
            return answer {
                let session = try await api.presence(channelNamed: path[1], beacon)
                return HTTPResponse(
                    status: .noContent,
                    fields: [.cacheControl("no-store")] + (session.map { [HTTPField("Twitchy-Session", $0)] } ?? []),
                    isCrossOrigin: true)
            }
        default: return .response(.problem(.notFound, detail: "There is nothing at this address."))
        }
    }

    private func answer(_ body: @escaping @Sendable () async throws -> HTTPResponse) -> HTTPAnswer {
        .async {
            do {
                return try await body()
            } catch let error as AccountError {
                return Self.refusal(error)
            } catch  where Task.isCancelled {
                // The client has left, or the server shuts down.
                return .problem(.serviceUnavailable, detail: "The request was given up.")
            } catch {
                logger.log(level: .ofTry(error, otherwise: .error), "Request failed", metadata: ["reason": "\(error)"])
                return .problem(.serviceUnavailable, detail: "The server cannot answer this right now. Try again.")
            }
        }
    }

    private static func json(_ document: some Encodable) throws -> HTTPResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return .json(ByteBuffer(data: try encoder.encode(document)))
    }

    private static func refusal(_ error: AccountError) -> HTTPResponse {
        let status: HTTPStatus =
            switch error {
            case .unknownChannel, .unknownUser, .unknownStreamKey: .notFound
            case .notOwner: .forbidden
            case .channelNameTaken, .usernameTaken: .conflict
            default: .badRequest
            }
        let errors = error.field.map { [ProblemDocument.FieldError(field: $0, detail: error.description)] } ?? []
        return .problem(status, detail: error.description, errors: errors)
    }
}
