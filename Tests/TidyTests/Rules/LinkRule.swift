import Foundation

extension Rule {
    static let linksResolve = Rule(name: "links in Markdown files lead somewhere") { tree in
        let anchors = Dictionary(
            tree.files.filter { $0.path.hasSuffix(".md") }.map { ($0.path, Markdown.anchors(of: $0)) },
            uniquingKeysWith: { first, _ in first })
        return tree.files.filter { $0.path.hasSuffix(".md") }.flatMap { file in
            Markdown.links(of: file).compactMap { line, target in
                let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let relative = parts[0].removingPercentEncoding ?? String(parts[0])
                let path = relative.isEmpty ? file.path : Markdown.resolve(relative, from: file.path)
                guard let path, path.isEmpty || tree.paths.contains(path) else {
                    return file.violation(line, "\(target) does not exist")
                }
                if parts.count == 2, let known = anchors[path], !known.contains(String(parts[1])) {
                    return file.violation(line, "\(path) has no heading for #\(parts[1])")
                }
                return nil
            }
        }
    }
}

enum Markdown {
    /// The targets of links and images that lead into the repository, with their line.
    static func links(of file: SourceFile) -> [(line: Int, target: String)] {
        prose(of: file).flatMap { number, line in
            line.matches(of: /\]\(\s*<?([^)\s>]+)>?(?:\s+[^)]*)?\)|^\s*\[[^\]]+\]:\s*(\S+)/).compactMap { match in
                guard let target = match.1 ?? match.2 else { return nil }
                let isElsewhere = target.contains("://") || target.hasPrefix("mailto:") || target.hasPrefix("//")
                return isElsewhere ? nil : (number, String(target))
            }
        }
    }

    /// What `#…` may say for this file: its headings as GitHub spells them.
    static func anchors(of file: SourceFile) -> Set<String> {
        var counts: [String: Int] = [:]
        var anchors: Set<String> = []
        for (_, line) in prose(of: file) {
            guard let heading = line.firstMatch(of: /^#{1,6}\s+(.+?)\s*#*$/)?.1 else { continue }
            let kept = heading.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
            let slug = kept.replacing(" ", with: "-")
            let count = counts[slug, default: 0]
            counts[slug] = count + 1
            anchors.insert(count == 0 ? slug : "\(slug)-\(count)")
        }
        return anchors
    }

    /// The path in the repository, nil if it leads out of it.
    static func resolve(_ target: String, from path: String) -> String? {
        var parts = target.hasPrefix("/") ? [] : path.split(separator: "/").dropLast().map(String.init)
        for part in target.split(separator: "/") where part != "." {
            if part == ".." {
                if parts.popLast() == nil { return nil }
            } else {
                parts.append(String(part))
            }
        }
        return parts.joined(separator: "/")
    }

    // Without fenced code blocks.
    private static func prose(of file: SourceFile) -> [(number: Int, line: Substring)] {
        var isFenced = false
        return file.lines.enumerated().compactMap { index, line in
            if line.trimmingPrefix(while: \.isWhitespace).hasPrefix("```") {
                isFenced.toggle()
                return nil
            }
            return isFenced ? nil : (index + 1, line)
        }
    }
}
