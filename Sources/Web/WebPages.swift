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

    /// The page at an absolute path, or nil: `/` says who is live, `/CHANNEL` is the page of a channel.
    ///
    /// Whether the channel exists is the page's to find out.
    public static func page(forPath path: String) -> WebAsset? {
        if path == "/" { return pages["index.html"] }
        guard path.first == "/" else { return nil }
        return ChannelPath.isChannelName(path.dropFirst()) ? pages["channel.html"] : nil
    }

    /// What to send with status 404 to a browser that asked for a page.
    public static var notFound: WebAsset {
        pages["not-found.html"]
            ?? WebAsset(
                path: "/not-found", contentType: MediaType.text, bytes: Array("Not found\n".utf8), immutable: false,
                etag: "\"not-found\"")
    }

    private static let files: [String: WebAsset] = Dictionary(
        EmbeddedFile.all.filter { !$0.name.hasSuffix(".html") }.map { ($0.name, $0.asset()) },
        uniquingKeysWith: { first, _ in first })

    private static let pages: [String: WebAsset] = Dictionary(
        EmbeddedFile.all.filter { $0.name.hasSuffix(".html") }.map { ($0.name, $0.page(version: version)) },
        uniquingKeysWith: { first, _ in first })
}
