import Foundation

extension Rule {
    static let nothingUnfinished = Rule(name: "nothing is marked as unfinished") { tree in
        // Put together, so that this file is not a hit itself.
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "TB" + "D"]
        let calls = ["fatal" + "Error"]
        return tree.files.flatMap { file -> [Violation] in
            guard (marks + calls).contains(where: { file.text.range(of: $0, options: .literal) != nil }) else {
                return []
            }
            return file.lines.enumerated().flatMap { index, line in
                let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
                return words.filter { marks.contains(String($0)) || (file.isSwift && calls.contains(String($0))) }
                    .map { file.violation(index + 1, "\($0)") }
            }
        }
    }

    static let nothingSkipped = Rule(name: "no test is skipped") { tree in
        let pattern = /\.disabled\s*\(|\.enabled\s*\(\s*if|\bXCTSkip\b|\bwithKnownIssue\b|\bTest\.cancel\b/
        return tree.files.filter { $0.isSwift && $0.path.hasPrefix("Tests/") }.flatMap { file in
            file.codeLines(matching: pattern, mentions: [".disabled", ".enabled", "XCTSkip", "KnownIssue", ".cancel"])
                .map { file.violation($0.number, "\($0.match)") }
        }
    }

    static let noPrinting = Rule(name: "only the executable prints") { tree in
        let pattern = /(?:^|[^.\w]|\bSwift\.)(?:print|debugPrint)\(/
        return tree.files.filter { $0.module != nil && $0.module != ImportTable.composition }.flatMap { file in
            file.codeLines(matching: pattern, mentions: ["rint("])
                .filter { !file.code[$0.number - 1].contains("func print") }
                .map { file.violation($0.number, "print outside of the executable; use a Logger") }
        }
    }

    static let smallFiles = Rule(name: "every Swift file stays below 500 lines") { tree in
        tree.files.filter { $0.isSwift && $0.lines.count > 500 }
            .map { $0.violation($0.lines.count, "\($0.lines.count) lines; it wants to be two files") }
    }

    static let noMachinePaths = Rule(name: "no paths of somebody's machine") { tree in
        // The first slash apart, so that this file is not a hit itself.
        let roots = ["root/", "home/", "Users/", "work/", "mnt/"].map { "/" + $0 }
        return tree.files.flatMap { file -> [Violation] in
            guard roots.contains(where: { file.text.range(of: $0, options: .literal) != nil }) else { return [] }
            return file.lines.enumerated().flatMap { index, line in
                roots.filter { root in
                    line.ranges(of: root).contains { isAbsolute(line, at: $0.lowerBound) }
                }
                .map { file.violation(index + 1, "a path below \($0)") }
            }
        }
    }

    // `Sources/work/` and `https://example.com/home/` are not absolute paths.
    private static func isAbsolute(_ line: Substring, at start: Substring.Index) -> Bool {
        guard start > line.startIndex else { return true }
        let before = line[line.index(before: start)]
        return !before.isLetter && !before.isNumber && !"./-_~*})$".contains(before)
    }
}
