/// Why Ingest cannot begin.
public enum IngestError: Error, CustomStringConvertible {
    case addressInUse(port: Int, option: String)

    public var description: String {
        switch self {
        case .addressInUse(let port, let option):
            "port \(port) is in use: stop what uses it, or choose another with \(option)"
        }
    }
}
