import Foundation
import HTTPService
import NIOCore
import Web

/// The pages and their files.
struct WebResponder: HTTPResponder {
    private static let notFound = response(WebPages.notFound, status: .notFound)

    func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        guard request.method == .get || request.method == .head else { return .pass }
        let path = request.path
        if let asset = WebPages.asset(path: path) { return .response(Self.response(asset)) }
        if let page = WebPages.page(forPath: path) { return .response(Self.response(page)) }
        let wantsPage = request.head.lists("text/html", in: "accept")
        return wantsPage ? .response(Self.notFound) : .pass
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
