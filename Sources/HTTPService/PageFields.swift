extension HTTPField {
    /// The security fields of a page. Scripts, styles and media come from the page's own origin only; `connect`
    /// allows other origins for requests and sockets (the origin of the playlists, the chat).
    /// - Parameter frameAncestors: who may show the page in a frame: `'none'`, or `*` for an embed.
    public static func pageSecurity(frameAncestors: String = "'none'", connect: [String] = []) -> [HTTPField] {
        let connections = (["'self'"] + connect).joined(separator: " ")
        let policy = [
            "default-src 'self'", "connect-src \(connections)", "img-src 'self' data: https:",
            "media-src 'self' blob: \(connect.joined(separator: " "))", "object-src 'none'", "base-uri 'none'",
            "form-action 'self'", "frame-ancestors \(frameAncestors)",
        ]
        return [
            HTTPField("Content-Security-Policy", policy.joined(separator: "; ")),
            HTTPField("X-Content-Type-Options", "nosniff"),
            HTTPField("Referrer-Policy", "strict-origin-when-cross-origin"),
            HTTPField("Cross-Origin-Opener-Policy", "same-origin"),
            HTTPField("Permissions-Policy", "camera=(), geolocation=(), payment=()"),
        ]
    }
}
