import Foundation
import NIOCore
import NIOSSL

/// Where a server's certificate chain and private key lie, both in PEM.
public struct TLSFiles: Sendable, Equatable {
    public let certificate: String
    public let key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// What tells that a file has changed, also where its name is a link to another one.
    struct Stamp: Equatable {
        var files: [File]

        struct File: Equatable {
            var device: UInt64
            var number: UInt64
            var size: Int64
            var seconds: Int
            var nanoseconds: Int
        }
    }

    /// nil while one of the files cannot be found.
    var stamp: Stamp? {
        var files: [Stamp.File] = []
        for path in [certificate, key] {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            files.append(
                Stamp.File(
                    device: UInt64(status.st_dev), number: UInt64(status.st_ino), size: Int64(status.st_size),
                    seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec))
        }
        return Stamp(files: files)
    }

    /// Reads both files; blocks.
    func load() throws(TLSFilesError) -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMBytes(try Self.read(certificate, TLSFilesError.certificate))
        } catch let error as TLSFilesError {
            throw error
        } catch {
            chain = []
        }
        guard !chain.isEmpty else { throw .certificate(certificate, "has no certificate in PEM") }
        let bytes = try Self.read(key, TLSFilesError.key)
        let privateKey: NIOSSLPrivateKey
        do {
            privateKey = try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            throw .key(key, "has no private key in PEM that is readable without a passphrase")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        // An encoder that has gone away must not keep its connection for long.
        configuration.shutdownTimeout = .seconds(1)
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch NIOSSLError.failedToLoadPrivateKey {
            throw .key(key, "does not belong to the certificate in \(certificate)")
        } catch {
            throw .certificate(certificate, "cannot be used: \(error)")
        }
    }

    private static func read(
        _ path: String, _ refuse: (String, String) -> TLSFilesError
    ) throws(TLSFilesError) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? POSIXError
            let reason = cause.map { ": " + String(cString: strerror($0.code.rawValue)) } ?? ""
            throw refuse(path, cause?.code == .ENOENT ? "does not exist" : "cannot be read\(reason)")
        }
    }
}
