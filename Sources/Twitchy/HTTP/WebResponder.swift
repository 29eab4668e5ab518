import AccountService
import Foundation
import HTTPService
import NIOCore
import Web

/// The pages and their files.
struct WebResponder: HTTPResponder {
    private static let channel = response(WebPages.channel)
    private static let notFound = response(WebPages.notFound, status: .notFound)

    private let home: HTTPResponse
    private let channels: AccountAPI?

    /// - Parameters:
    ///   - rtmpPort: where encoders push to.
    ///   - channels: knows which channels there are; nil where that is another process. Then the page finds out.
    init(rtmpPort: Int, channels: AccountAPI?) {
        home = Self.response(WebPages.home(rtmpPort: rtmpPort))
        self.channels = channels
    }

    func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        guard request.method == .get || request.method == .head else { return .pass }
        let path = request.path
        if let asset = WebPages.asset(path: path) { return .response(Self.response(asset)) }
        let nothing: HTTPAnswer = request.head.lists("text/html", in: "accept") ? .response(Self.notFound) : .pass
        switch WebPages.place(atPath: path) {
        case .home: return .response(home)
        case .moved(let tidied): return .response(Self.redirect(to: tidied, query: request.query))
        case .channel(let name):
            guard let channels else { return .response(Self.channel) }
            return .decide {
                do {
                    return try await channels.channel(named: name) == nil ? nothing : .response(Self.channel)
                } catch {
                    // A database that does not answer is no reason to call the channel unknown.
                    return .response(Self.channel)
                }
            }
        case nil: return nothing
        }
    }

    /// To a path of our own only.
    private static func redirect(to path: String, query: String?) -> HTTPResponse {
        HTTPResponse(
            status: .permanentRedirect, contentType: "text/plain; charset=utf-8",
            fields: [.location(path + (query.map { "?" + $0 } ?? "")), .cacheControl("no-cache")],
            body: ByteBuffer(string: "The page is at \(path).\n"))
    }

    private static func response(_ asset: WebAsset, status: HTTPStatus = .ok) -> HTTPResponse {
        HTTPResponse(
            status: status, contentType: asset.contentType,
            fields: [
                .cacheControl(asset.cacheControl),
                HTTPField("Content-Security-Policy", WebPages.contentSecurityPolicy),
                HTTPField("Referrer-Policy", "same-origin"),
                HTTPField("Cross-Origin-Opener-Policy", "same-origin"),
            ], body: ByteBuffer(bytes: asset.bytes),
            entityTag: asset.etag.trimmingCharacters(in: CharacterSet(charactersIn: "\"")))
    }
}
