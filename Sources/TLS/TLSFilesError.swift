/// Why a certificate and its key cannot be used, in one line that begins with the option's name.
public struct TLSFilesError: Error, CustomStringConvertible, Equatable {
    public let description: String

    static func certificate(_ path: String, _ reason: String) -> TLSFilesError {
        TLSFilesError(description: "--tls-certificate \(path): \(reason)")
    }

    static func key(_ path: String, _ reason: String) -> TLSFilesError {
        TLSFilesError(description: "--tls-key \(path): \(reason)")
    }
}
