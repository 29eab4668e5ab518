extension S3Response {
    /// What an answer that is none of those that were hoped for means.
    /// - Parameter now: seconds since 1970 by this machine's clock.
    func refusal(bucket: String, now: Int64) -> StoreRefusal {
        let code = errorCode
        switch code {
        case "InvalidAccessKeyId": return .unknownKey
        case "SignatureDoesNotMatch": return .wrongSecret
        case "ExpiredToken", "TokenRefreshRequired", "InvalidToken": return .expiredCredentials
        case "NoSuchBucket": return .noSuchBucket(bucket)
        case "RequestTimeTooSkewed", "RequestExpired": return .clockSkew(seconds: date.map { now - $0 })
        case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException":
            return .wrongRegion(region)
        case "AccessDenied", "AllAccessDisabled", "AccountProblem": return .denied
        default: break
        }
        switch status {
        case 301, 307: return .wrongRegion(region)
        case 401, 403: return .denied
        default: return .other("the service answered \(status)\(code.map { " \(Self.printable($0))" } ?? "")")
        }
    }

    var isFull: Bool {
        status == 507 || ["QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"].contains(errorCode)
    }

    /// A peer's words go into the log: short, and letters only.
    private static func printable(_ code: String) -> String {
        String(code.unicodeScalars.filter { $0.isASCII && $0.properties.isAlphabetic }.prefix(64).map(Character.init))
    }
}
