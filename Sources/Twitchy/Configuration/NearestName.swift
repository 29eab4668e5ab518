/// What somebody probably meant who mistyped a name.
enum NearestName {
    /// The name that is nearest to `word`; nil if none is near enough to be meant.
    static func of(_ word: String, among names: some Sequence<String>) -> String? {
        let near = names.map { (name: $0, distance: distance(word, $0)) }.min { $0.distance < $1.distance }
        // Most words of three letters are near one another.
        let limit = word.count < 5 ? 1 : max(2, word.count / 4)
        guard let near, near.distance <= limit else { return nil }
        return near.name
    }

    /// A question to end a message with; empty if no name is near.
    static func question(_ word: String, among names: some Sequence<String>) -> String {
        of(word, among: names).map { ": did you mean \($0)?" } ?? ""
    }

    /// How many characters have to be put in, taken out or exchanged; two in the wrong order count once.
    private static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one), Array(other))
        var before: [Int] = []
        var last = Array(0...other.count)
        for row in one.indices {
            var next = [row + 1]
            for column in other.indices {
                let isSame = one[row] == other[column]
                var least = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, next[column] + 1)
                if row > 0, column > 0, one[row] == other[column - 1], one[row - 1] == other[column] {
                    least = min(least, before[column - 1] + 1)
                }
                next.append(least)
            }
            (before, last) = (last, next)
        }
        return last[other.count]
    }
}
