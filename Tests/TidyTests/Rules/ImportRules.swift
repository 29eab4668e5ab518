import Foundation

extension Rule {
    static let servicesStandAlone = Rule(name: "only the executable imports services") { tree in
        tree.files.flatMap { file -> [Violation] in
            guard let module = file.module, module != ImportTable.composition else { return [] }
            return file.imports
                .filter {
                    $0.module != module
                        && (ImportTable.services.contains($0.module) || $0.module == ImportTable.composition)
                }
                .map { file.violation($0.line, "\(module) must not import \($0.module)") }
        }
    }

    static let pureModulesStayPure = Rule(name: "pure modules know neither I/O nor clock nor logger") { tree in
        tree.files.flatMap { file -> [Violation] in
            guard let module = file.module, ImportTable.pureModules.contains(module) else { return [] }
            let imports = file.imports
                .filter { $0.module != "NIOCore" && !ImportTable.pureModules.contains($0.module) }
                .map { file.violation($0.line, "\(module) is pure and must not import \($0.module)") }
            let impure =
                /\b(?:ContinuousClock|SuspendingClock|NIODeadline|Logger|EventLoop(?:Group|Future|Promise)?|ChannelHandler(?:Context)?|ChannelInboundHandler|ChannelDuplexHandler)\b/
            return imports
                + file.codeLines(
                    matching: impure, mentions: ["Clock", "NIODeadline", "Logger", "EventLoop", "Channel"]
                )
                .map { file.violation($0.number, "\(module) is pure and must not use \($0.match)") }
        }
    }

    static let cModulesHaveOneImporter = Rule(name: "each C module is imported by one module") { tree in
        let cModules = Set(
            tree.files.filter { $0.path.hasSuffix("/module.modulemap") }.compactMap(\.module))
        var importers: [String: String] = [:]
        var violations: [Violation] = []
        // Tests too: what they need of C belongs into the wrapper that they test.
        for file in tree.files.sorted(by: { $0.path < $1.path }) where file.isSwift {
            let importer = file.module ?? "Tests"
            for entry in file.imports where cModules.contains(entry.module) {
                let first = importers[entry.module, default: importer]
                importers[entry.module] = first
                if first != importer || importer == "Tests" {
                    violations.append(
                        file.violation(entry.line, "\(entry.module) belongs to one module, here \(importer) imports it")
                    )
                }
            }
        }
        return violations
    }

    static let exclusiveLibraries = Rule(name: "wrapped libraries stay wrapped") { tree in
        tree.files.filter(\.isSwift).flatMap { file in
            file.imports.compactMap { entry in
                guard let owner = ImportTable.exclusiveLibraries[entry.module], file.module != nil,
                    file.module != owner
                else { return nil }
                return file.violation(entry.line, "only \(owner) imports \(entry.module)")
            }
        }
    }

    static let implementationsAreChosenInOnePlace = Rule(name: "only the executable names implementations") { tree in
        let declaration = /^(?:public|package) (?:final )?(?:class|struct|actor|enum) (\w+)/
        var owners: [String: String] = [:]
        for file in tree.files where file.moduleFolder.map(ImportTable.implementationFolders.contains) == true {
            for line in file.code {
                if let match = line.firstMatch(of: declaration) { owners[String(match.1)] = file.module }
            }
        }
        return tree.files.flatMap { file -> [Violation] in
            guard let module = file.module, module != ImportTable.composition, file.isSwift,
                owners.keys.contains(where: { file.text.range(of: $0, options: .literal) != nil })
            else { return [] }
            return file.code.enumerated().flatMap { index, line in
                words(of: line).compactMap { word -> Violation? in
                    guard let owner = owners[word], owner != module else { return nil }
                    return file.violation(
                        index + 1, "\(word) is an implementation in \(owner); only \(ImportTable.composition) picks it")
                }
            }
        }
    }

    static let testableOnlyInTests = Rule(name: "only tests import with @testable") { tree in
        tree.files.filter { $0.isSwift && !$0.path.hasPrefix("Tests/") }.flatMap { file in
            file.imports.filter(\.isTestable)
                .map { file.violation($0.line, "@testable import of \($0.module) outside of Tests") }
        }
    }

    private static func words(of line: Substring) -> [String] {
        line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
    }
}
