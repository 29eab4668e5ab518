public import Telemetry

/// Who asks. They come from the environment, since arguments show in process lists; nothing ever prints the secrets.
public struct S3Credentials: Sendable, Equatable {
    public var accessKeyID: String
    public var secretAccessKey: Redacted<String>
    /// Of temporary credentials.
    public var sessionToken: Redacted<String>?

    public init(accessKeyID: String, secretAccessKey: Redacted<String>, sessionToken: Redacted<String>? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    /// What the description says is missing.
    public struct Missing: Error, CustomStringConvertible {
        public let description =
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or TWITCHY_S3_ACCESS_KEY_ID and "
            + "TWITCHY_S3_SECRET_ACCESS_KEY) to the store's credentials"
    }

    /// Takes `TWITCHY_S3_ACCESS_KEY_ID`, `TWITCHY_S3_SECRET_ACCESS_KEY` and `TWITCHY_S3_SESSION_TOKEN` where the first
    /// is set, else the same names with `AWS_`: sets are never mixed.
    public init(environment: [String: String]) throws(Missing) {
        for family in ["TWITCHY_S3_", "AWS_"] {
            guard let identifier = environment[family + "ACCESS_KEY_ID"], !identifier.isEmpty else { continue }
            guard let secret = environment[family + "SECRET_ACCESS_KEY"], !secret.isEmpty else { throw Missing() }
            let token = environment[family + "SESSION_TOKEN"].flatMap { $0.isEmpty ? nil : Redacted($0) }
            self.init(accessKeyID: identifier, secretAccessKey: Redacted(secret), sessionToken: token)
            return
        }
        throw Missing()
    }
}
