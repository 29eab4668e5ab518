import Foundation
import Testing

@testable import TLS

struct TLSIdentityTests {
    @Test func aCertificateAndItsKeyAreAccepted() throws {
        try Certificates.with { folder in
            let files = try folder.make("one")
            _ = try TLSIdentity(files)
        }
    }

    /// Each is told in one line that names the option and the file.
    @Test func badFilesAreNamed() throws {
        try Certificates.with { folder in
            let one = try folder.make("one")
            let two = try folder.make("two")
            let nothing = try folder.write("", "nothing.pem")
            let noise = try folder.write(
                "-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n", "noise.pem")
            let locked = try folder.write("", "locked.pem")
            try folder.openssl(["rsa", "-in", one.key, "-aes256", "-passout", "pass:secret", "-out", locked])
            for (certificate, key, option, words) in [
                ("/nowhere.pem", one.key, "--tls-certificate /nowhere.pem", "does not exist"),
                (one.certificate, "/nowhere.pem", "--tls-key /nowhere.pem", "does not exist"),
                (
                    folder.folder.path, one.key, "--tls-certificate \(folder.folder.path)",
                    "cannot be read: Is a directory"
                ),
                (nothing, one.key, "--tls-certificate \(nothing)", "no certificate"),
                (noise, one.key, "--tls-certificate \(noise)", "no certificate"),
                (one.key, one.key, "--tls-certificate \(one.key)", "no certificate"),
                (one.certificate, nothing, "--tls-key \(nothing)", "no private key"),
                (one.certificate, one.certificate, "--tls-key \(one.certificate)", "no private key"),
                (one.certificate, locked, "--tls-key \(locked)", "without a passphrase"),
                (one.certificate, two.key, "--tls-key \(two.key)", "does not belong to the certificate"),
            ] {
                let error = #expect(throws: TLSFilesError.self) {
                    try TLSIdentity(TLSFiles(certificate: certificate, key: key))
                }
                let text = error?.description ?? ""
                #expect(text.hasPrefix(option) && text.contains(words) && !text.contains("\n"), "\(text)")
            }
        }
    }

    /// Whoever replaces the files does one after the other: they count when they stand still.
    @Test func changedFilesAreReadOnceTheyStandStill() throws {
        try Certificates.with { folder in
            let files = try folder.make("one")
            let identity = try TLSIdentity(files)
            #expect(identity.look() == .unchanged)
            let other = try folder.make("two")
            try folder.replace(files.certificate, by: other.certificate)
            #expect(identity.look() == .unchanged)
            try folder.replace(files.key, by: other.key)
            #expect(identity.look() == .unchanged)
            #expect(identity.look() == .loaded)
            #expect(identity.look() == .unchanged)
        }
    }

    @Test func aBrokenChangeIsToldOnceAndMendedByTheNext() throws {
        try Certificates.with { folder in
            let files = try folder.make("one")
            let identity = try TLSIdentity(files)
            let other = try folder.make("two")
            try folder.replace(files.certificate, by: other.certificate)
            #expect(identity.look() == .unchanged)
            guard case .broken(let error) = identity.look() else {
                Issue.record("a certificate without its key was accepted")
                return
            }
            #expect(error.description.contains("does not belong"))
            for _ in 0..<3 { #expect(identity.look() == .unchanged) }
            // A file that is away for a moment changes nothing.
            try FileManager.default.removeItem(atPath: files.key)
            for _ in 0..<3 { #expect(identity.look() == .unchanged) }
            try folder.replace(files.key, by: other.key)
            #expect(identity.look() == .unchanged)
            #expect(identity.look() == .loaded)
        }
    }
}

/// A folder with certificates that openssl makes.
struct Certificates {
    let folder: URL

    struct Failed: Error {
        let description: String
    }

    static func with(_ body: (Certificates) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("twitchy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(Certificates(folder: folder))
    }

    func make(_ name: String) throws -> TLSFiles {
        let files = TLSFiles(
            certificate: folder.appendingPathComponent("\(name).crt").path,
            key: folder.appendingPathComponent("\(name).key").path)
        try openssl([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-keyout", files.key,
            "-out", files.certificate,
        ])
        return files
    }

    func write(_ text: String, _ name: String) throws -> String {
        let file = folder.appendingPathComponent(name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    /// As renewal programs do it: a new file takes the name.
    func replace(_ path: String, by other: String) throws {
        let temporary = path + ".new"
        try FileManager.default.copyItem(atPath: other, toPath: temporary)
        guard rename(temporary, path) == 0 else { throw Failed(description: "not renamed: \(path)") }
    }

    func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(description: "openssl \(arguments)") }
    }
}
