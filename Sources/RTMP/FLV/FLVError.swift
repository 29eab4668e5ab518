/// Why an FLV body cannot be read on.
public enum FLVError: Error, Sendable, Hashable {
    case notFLV
    case tagTooLong(byteCount: Int, limit: Int)
}

extension FLVError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFLV: "The body is not FLV; it must begin with an FLV header."
        case .tagTooLong(let count, let limit):
            "The body has an audio or data tag of \(count) bytes; \(limit) are allowed."
        }
    }
}
