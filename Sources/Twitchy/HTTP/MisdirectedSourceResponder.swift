import HTTPService
import Ingest
import Logging
import NIOCore

/// Sends source clients that push to the port of the pages to the right one. Asked last: what else is answered to PUT
/// comes before.
struct MisdirectedSourceResponder: HTTPResponder {
    let ports: OpenPorts
    let logger: Logger

    func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        let isPush = request.method == .post && request.pathHasPrefix("/push/")
        guard isPush || request.method == .put || request.method == .source else { return .pass }
        let sentence = ports.whereSourcesGo
        logger.notice("Push refused", metadata: ["client": "\(request.clientAddress)", "reason": "\(sentence)"])
        // The reason phrase is all that many clients show, and a body that comes all the same must not be taken for the
        // next request.
        return .response(
            HTTPResponse(
                status: HTTPStatus(421, reason: sentence), contentType: "text/plain; charset=utf-8",
                body: ByteBuffer(string: sentence + "\n"), closesConnection: true))
    }
}
