import Foundation
import Yams

/// The YAML file that `--config` names: options as keys.
enum ConfigurationFile {
    /// Options whose value is a list, which may be written as one.
    private static let lists: Set<String> = ["ladder", "trusted-proxies"]

    static func read(_ path: String) throws -> [String: String] {
        func refuse(_ reason: String) -> Failure {
            Failure(code: Failure.usage, description: "--config \(path): \(reason)")
        }
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw refuse(FileProblem.reading(path) ?? "is not text in UTF-8")
        }
        let loaded: Any?
        do {
            loaded = try Yams.load(yaml: text)
        } catch {
            throw refuse("not YAML: \(error)".split(separator: "\n").joined(separator: " "))
        }
        guard let loaded else { return [:] }
        guard let mapping = loaded as? [String: Any] else { throw refuse("is not a list of keys and values") }
        var values: [String: String] = [:]
        for (key, value) in mapping {
            guard ServerOptions.names.contains(key) else {
                throw refuse("unknown key \"\(key)\"\(NearestName.question(key, among: ServerOptions.names))")
            }
            switch value {
            case let items as [Any] where lists.contains(key) && items.allSatisfy { !isStructured($0) }:
                values[key] = items.map { "\($0)" }.joined(separator: ",")
            case is NSNull: throw refuse("\"\(key)\" has no value")
            case let value where isStructured(value): throw refuse("\"\(key)\" takes one value")
            default: values[key] = "\(value)"
            }
        }
        return values
    }

    private static func isStructured(_ value: Any) -> Bool { value is [Any] || value is [AnyHashable: Any] }
}
