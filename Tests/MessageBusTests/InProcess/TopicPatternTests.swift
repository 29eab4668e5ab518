import TestSupport
import Testing

@testable import MessageBus

struct TopicPatternTests {
    @Test(arguments: [
        ("a.b", "a.b", true), ("a.b", "a.c", false), ("a.b", "a.b.c", false), ("a.b", "a", false),
        ("*", "a", true), ("*", "a.b", false), ("a.*", "a", false), ("a.*.c", "a.b.c", true), ("a.*.c", "a.c", false),
        ("#", "a", true), ("#", "a.b.c", true), ("a.#", "a", true), ("a.#", "ab", false), ("#.c", "c", true),
        ("#.c", "a.b.c", true), ("#.c", "a.c.b", false), ("a.#.c", "a.c", true), ("a.#.c", "a.b.b.c", true),
        ("#.b.#", "a.c", false), ("#.b.#", "b", true), ("#.b.#", "a.b.c", true), ("*.#", "a", true), ("#.*", "a", true),
        ("#.#", "a.b", true), ("#.a.*.#.b", "a.a.c.b", true), ("a..b", "a..b", true), ("a.*.b", "a..b", true),
    ])
    func patternMatches(pattern: String, topic: String, expected: Bool) {
        #expect(TopicPattern(pattern).matches(TopicPattern.words(of: topic)) == expected)
    }

    /// The fast match agrees with the definition, tried out on short patterns.
    @Test(arguments: 0..<20)
    func fastMatchAgreesWithTheDefinition(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<2000 {
            let pattern = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                ["a", "b", "*", "#"].randomElement(using: &random) ?? "a"
            }
            let topic = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                ["a", "b"].randomElement(using: &random) ?? "a"
            }
            let expected = defined(pattern[...], topic[...])
            #expect(
                TopicPattern(pattern.joined(separator: ".")).matches(topic.map { $0[...] }) == expected,
                "\(pattern) \(topic)")
        }
    }

    /// Many `#` do not make it slow.
    @Test(.timeLimit(.minutes(20)))
    func hostilePatternIsMatchedQuickly() {
        let pattern = TopicPattern((0..<60).map { _ in "#.a" }.joined(separator: ".") + ".b")
        let topic = Array(repeating: "a"[...], count: 127)
        for _ in 0..<100 { #expect(!pattern.matches(topic)) }
    }

    @Test func routerForgetsWhatIsRemoved() {
        var router = TopicRouter()
        for topic in ["a.b", "a.*", "a.b"] { router.add(topic, for: "first") }
        router.add("a.b", for: "second")
        #expect(router.subscribers(of: "a.b") == ["first", "second"])
        router.remove("a.b", for: "first")
        #expect(router.subscribers(of: "a.b") == ["first", "second"])
        router.remove("a.*", for: "first")
        #expect(router.subscribers(of: "a.b") == ["second"])
        router.add("#", for: "second")
        router.removeAll(for: "second")
        #expect(router.subscribers(of: "a.b").isEmpty)
    }

    private func defined(_ pattern: ArraySlice<String>, _ topic: ArraySlice<String>) -> Bool {
        guard let first = pattern.first else { return topic.isEmpty }
        if first == "#" {
            return defined(pattern.dropFirst(), topic) || (!topic.isEmpty && defined(pattern, topic.dropFirst()))
        }
        guard let word = topic.first, first == "*" || first == word else { return false }
        return defined(pattern.dropFirst(), topic.dropFirst())
    }
}
