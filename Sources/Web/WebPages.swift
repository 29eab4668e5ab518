/// The pages for listeners: which path is which page, and the files that they load.
///
/// Files are found under `/assets/VERSION/NAME` (immutable) and `/assets/NAME`. VERSION follows from the bytes of all
/// files, so that a page loads scripts and styles of its own build or, after an update, those of the new one.
public enum WebPages {
    /// Version of this build's files: 16 hexadecimal digits.
    public static let version = Fingerprint.hexadecimal(of: EmbeddedFile.all.map(\.bytes))

    /// Value of `Content-Security-Policy` for every page: nothing from elsewhere, nothing inline.
    public static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
        "connect-src 'self'", "media-src 'self' blob:", "manifest-src 'self'", "base-uri 'none'",
        "form-action 'self'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    /// The file at an absolute path below `/assets/`, or nil. `/favicon.ico` is the icon.
    public static func asset(path: String) -> WebAsset? {
        if path == "/favicon.ico" { return files["icon.svg"]?.at(path: path, immutable: false) }
        let components = path.split(separator: "/", maxSplits: 4, omittingEmptySubsequences: false)
        guard components.count >= 3, components[0].isEmpty, components[1] == "assets" else { return nil }
        switch components.count {
        case 3:
            return files[String(components[2])]?.at(path: path, immutable: false)
        case 4:
            return files[String(components[3])]?.at(path: path, immutable: components[2] == version)
        default:
            return nil
        }
    }

    /// What is found at a path.
    public enum Place: Sendable, Equatable {
        /// Who is live.
        case home
        /// The page of a channel of this name, if there is one.
        case channel(name: String)
        /// The channel's page is at this path, which begins with a single slash.
        case moved(to: String)
    }

    /// What is at an absolute path as it was sent; nil: nothing.
    public static func place(atPath path: String) -> Place? {
        if path == "/" { return .home }
        guard let tidied = ChannelPath.tidied(path) else { return nil }
        return tidied == path ? .channel(name: String(path.dropFirst())) : .moved(to: tidied)
    }

    /// The page that says who is live.
    /// - Parameter rtmpPort: where encoders push to, for the command that it shows.
    public static func home(rtmpPort: Int) -> WebAsset { page("index.html", ["RTMP_PORT": "\(rtmpPort)"]) }

    /// The page of any channel; it finds out itself which one, and whether that exists.
    public static let channel = page("channel.html")

    /// What to send with status 404 to a browser that asked for a page.
    public static let notFound = page("not-found.html")

    private static func page(_ name: String, _ values: [String: String] = [:]) -> WebAsset {
        let values = values.merging(["VERSION": version]) { value, _ in value }
        return EmbeddedFile.all.first { $0.name == name }?.page(filling: values)
            ?? WebAsset(
                path: "/not-found", contentType: MediaType.text, bytes: Array("Not found\n".utf8), immutable: false,
                etag: "\"not-found\"")
    }

    private static let files: [String: WebAsset] = Dictionary(
        EmbeddedFile.all.filter { !$0.name.hasSuffix(".html") }.map { ($0.name, $0.asset()) },
        uniquingKeysWith: { first, _ in first })
}
