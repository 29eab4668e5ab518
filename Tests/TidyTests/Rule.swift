import Foundation
import Testing

/// Something that must hold for the whole tree, and how to find where it does not.
struct Rule: Sendable, CustomTestStringConvertible {
    let name: String
    let violations: @Sendable (SourceTree) -> [Violation]

    var testDescription: String { name }

    static let all: [Rule] = [
        .servicesStandAlone, .pureModulesStayPure, .cModulesHaveOneImporter, .exclusiveLibraries,
        .implementationsAreChosenInOnePlace, .testableOnlyInTests,
        .pointersStayInside, .uncheckedSendableIsExplained,
        .nothingUnfinished, .nothingSkipped, .noPrinting, .smallFiles, .noMachinePaths, .linksResolve,
    ]
}

/// Where a rule is broken, as an editor understands it.
struct Violation: Sendable, Equatable, CustomStringConvertible {
    var path: String
    var line: Int
    var message: String

    var description: String { "\(path):\(line): \(message)" }
}

extension SourceFile {
    /// Every line of the code (not of comments or strings) in which `pattern` is found.
    ///
    /// - Parameter mentions: texts of which the file must hold at least one, which is far quicker to see than to
    ///   look for the pattern in every line.
    func codeLines(
        matching pattern: Regex<Substring>, mentions: [String]
    ) -> [(number: Int, match: Substring)] {
        guard mentions.contains(where: { text.range(of: $0, options: .literal) != nil }) else { return [] }
        // Otherwise `Clock.now` would be one word, as Unicode sees it.
        let pattern = pattern.wordBoundaryKind(.simple)
        return code.enumerated().compactMap { index, line in
            guard let match = line.firstMatch(of: pattern) else { return nil }
            return (index + 1, line[match.range])
        }
    }

    func violation(_ line: Int, _ message: String) -> Violation {
        Violation(path: path, line: line, message: message)
    }
}
