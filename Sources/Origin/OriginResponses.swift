import Gzip
import HLS
import HTTPService
import NIOCore

extension HTTPResponse {
    /// A part, segment or initialization segment: a name never gets other bytes.
    static func media(_ bytes: ByteBuffer, tag: String) -> HTTPResponse {
        HTTPResponse(
            contentType: "audio/mp4", fields: [.cacheControl("public, max-age=86400, immutable")], body: bytes,
            entityTag: tag, allowsRanges: true, isCrossOrigin: true)
    }

    /// - Parameter tag: of playlists that stay the same for longer than a part.
    static func playlist(_ body: ByteBuffer, maximumAge: Int, tag: String? = nil) -> HTTPResponse {
        HTTPResponse(
            contentType: "application/vnd.apple.mpegurl", fields: [.cacheControl("public, max-age=\(maximumAge)")],
            // Without memory for it the playlist goes out as it is.
            body: body, compressedBody: try? Gzip.compress(body), entityTag: tag, isCrossOrigin: true)
    }

    static let notYet = HTTPResponse.problem(
        .serviceUnavailable, detail: "This is not there yet. Ask again in a second.",
        fields: [HTTPField("Retry-After", "1"), .cacheControl("no-store")])

    /// To a proxy that said that it can ask another origin. Of the statuses upon which nginx does so, only this one and 404
    /// do not count as a failure of the origin, which has recordings and other streams for it still.
    static let askAnother = HTTPResponse.problem(
        .forbidden, detail: "This origin is behind or cut off. Ask another.", fields: [.cacheControl("no-store")])

    static let noSuchMedia = HTTPResponse.problem(
        .notFound, detail: "There is no such media, or no longer.", fields: [.cacheControl("public, max-age=1")])

    static let offline = HTTPResponse.problem(
        .notFound, detail: "This channel is not on the air.", fields: [.cacheControl("public, max-age=1")])

    static func badDirectives(_ reason: BlockingReload.BadRequest) -> HTTPResponse {
        let detail =
            switch reason {
            case .partWithoutMediaSequence: "_HLS_part needs _HLS_msn."
            case .notANumber: "_HLS_msn and _HLS_part are decimal numbers."
            case .segmentTooFarAhead: "_HLS_msn is more than two segments ahead of the playlist."
            case .partTooFarAhead: "_HLS_part is too far ahead of the playlist."
            }
        return .problem(.badRequest, detail: detail, fields: [.cacheControl("public, max-age=1")])
    }
}
