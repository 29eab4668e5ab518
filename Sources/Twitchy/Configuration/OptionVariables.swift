/// Options as environment variables.
enum OptionVariables {
    private static let prefix = "TWITCHY_"
    static let config = prefix + "CONFIG"

    /// Variables that are no options, without the prefix: of the store, and of compose.
    private static let others = [
        "CONFIG", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_SESSION_TOKEN", "HTTPS_PORT",
    ]

    /// What is set, by option name.
    ///
    /// Others may have variables that begin as ours do: Kubernetes makes some for every service. What is nearly one of
    /// ours was meant to be it.
    static func values(in environment: [String: String]) throws -> [String: String] {
        let options = Dictionary(
            uniqueKeysWithValues: ServerOptions.names.map { ($0.uppercased().replacing("-", with: "_"), $0) })
        let known = options.keys.sorted() + others
        var values: [String: String] = [:]
        for (variable, value) in environment where variable.hasPrefix(prefix) {
            let name = String(variable.dropFirst(prefix.count))
            if let option = options[name] {
                values[option] = value
            } else if !others.contains(name), let meant = NearestName.of(name, among: known) {
                throw Failure(
                    code: Failure.usage,
                    description: "unknown environment variable \(variable): did you mean \(prefix)\(meant)?")
            }
        }
        return values
    }
}
