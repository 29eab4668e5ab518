/// A topic pattern as AMQP 0-9-1 §3.1.3.3 has it: `*` stands for one word, `#` for any number of words, none included.
struct TopicPattern: Hashable, Sendable {
    let words: [Substring]

    init(_ pattern: String) {
        words = Self.words(of: pattern)
    }

    static func words(of topic: String) -> [Substring] {
        topic.split(separator: ".", omittingEmptySubsequences: false)
    }

    var hasWildcard: Bool { words.contains { $0 == "*" || $0 == "#" } }

    /// Takes time in proportion to the product of both lengths at most: only the last `#` is ever tried again.
    func matches(_ topic: [Substring]) -> Bool {
        var word = 0
        var position = 0
        var lastHash: (word: Int, position: Int)?
        while position < topic.count {
            if word < words.count, words[word] == "#" {
                lastHash = (word, position)
                word += 1
            } else if word < words.count, words[word] == "*" || words[word] == topic[position] {
                word += 1
                position += 1
            } else if let hash = lastHash {
                lastHash = (hash.word, hash.position + 1)
                word = hash.word + 1
                position = hash.position + 1
            } else {
                return false
            }
        }
        return words[word...].allSatisfy { $0 == "#" }
    }
}
