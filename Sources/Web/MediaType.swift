/// Values of `Content-Type`.
enum MediaType {
    static let text = "text/plain; charset=utf-8"

    static func ofFile(named name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "webmanifest": "application/manifest+json"
        default: text
        }
    }
}
