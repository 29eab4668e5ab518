import Glibc

extension RabbitMQConfiguration.TLS {
    /// Where distributions keep the authorities that the system trusts. The library has no way to ask OpenSSL for them.
    private static let systemFiles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
    ]

    /// The file of trusted authorities.
    func authorityFile(_ endpoint: String) throws(RabbitMQConnectionError) -> String {
        if let authorityFile { return authorityFile }
        let environment = getenv("SSL_CERT_FILE").map { [String(cString: $0)] } ?? []
        guard let file = (environment + Self.systemFiles).first(where: { access($0, R_OK) == 0 }) else {
            throw .untrusted(endpoint: endpoint, reason: "this system has no list of authorities")
        }
        return file
    }
}
