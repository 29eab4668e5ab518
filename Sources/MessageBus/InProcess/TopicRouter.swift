/// Which subscribers want which topics.
struct TopicRouter: Sendable {
    private var topics: [String: Set<String>] = [:]
    /// Subscribers by topic without wildcard: rooms of the chat, of which there are many.
    private var exact: [String: Set<String>] = [:]
    private var wildcards: [TopicPattern: Set<String>] = [:]

    mutating func add(_ topic: String, for subscriber: String) {
        guard topics[subscriber, default: []].insert(topic).inserted else { return }
        let pattern = TopicPattern(topic)
        if pattern.hasWildcard {
            wildcards[pattern, default: []].insert(subscriber)
        } else {
            exact[topic, default: []].insert(subscriber)
        }
    }

    mutating func remove(_ topic: String, for subscriber: String) {
        guard topics[subscriber]?.remove(topic) != nil else { return }
        if topics[subscriber]?.isEmpty == true { topics[subscriber] = nil }
        let pattern = TopicPattern(topic)
        if pattern.hasWildcard {
            wildcards[pattern]?.remove(subscriber)
            if wildcards[pattern]?.isEmpty == true { wildcards[pattern] = nil }
        } else {
            exact[topic]?.remove(subscriber)
            if exact[topic]?.isEmpty == true { exact[topic] = nil }
        }
    }

    mutating func removeAll(for subscriber: String) {
        for topic in topics[subscriber] ?? [] { remove(topic, for: subscriber) }
    }

    func subscribers(of topic: String) -> Set<String> {
        var found = exact[topic] ?? []
        guard !wildcards.isEmpty else { return found }
        let words = TopicPattern.words(of: topic)
        for (pattern, subscribers) in wildcards where pattern.matches(words) { found.formUnion(subscribers) }
        return found
    }
}
