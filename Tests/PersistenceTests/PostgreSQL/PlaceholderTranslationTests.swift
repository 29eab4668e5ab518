import Testing

@testable import Persistence

struct PlaceholderTranslationTests {
    @Test(arguments: [
        ("SELECT ?", "SELECT $1", 1),
        ("a = ? AND b IN (?,?)", "a = $1 AND b IN ($2,$3)", 3),
        ("a = '?' AND b = ?", "a = '?' AND b = $1", 1),
        ("'it''s ?' ?", "'it''s ?' $1", 1),
        ("'back\\' ?", "'back\\' $1", 1),
        ("E'back\\' ?' ?", "E'back\\' ?' $1", 1),
        ("e'a''\\' ?' ?", "e'a''\\' ?' $1", 1),
        ("name'?' ?", "name'?' $1", 1),
        ("SELECT \"a?\"\"?\" FROM t WHERE x = ?", "SELECT \"a?\"\"?\" FROM t WHERE x = $1", 1),
        ("? -- why?\n?", "$1 -- why?\n$2", 2),
        ("? - -?", "$1 - -$2", 2),
        ("/* ? /* ? */ ? */ ?", "/* ? /* ? */ ? */ $1", 1),
        ("$$ ? $$ ?", "$$ ? $$ $1", 1),
        ("$tag$ ? $$ ? $tag$ ?", "$tag$ ? $$ ? $tag$ $1", 1),
        ("'open ?", "'open ?", 0), ("/* open ?", "/* open ?", 0), ("$$ open ?", "$$ open ?", 0), ("E'\\", "E'\\", 0),
        ("a$b$ ?", "a$b$ $1", 1),
        ("'zoë ?' = ? 🎧", "'zoë ?' = $1 🎧", 1),
        ("", "", 0),
    ])
    func onlyPlaceholdersAreTranslated(sql: String, expected: String, count: Int) {
        let translation = PlaceholderTranslation(sql)
        #expect(translation.text == expected)
        #expect(translation.count == count)
    }

    @Test func thereMayBeManyPlaceholders() {
        let translation = PlaceholderTranslation(String(repeating: "?,", count: 1000))
        #expect(translation.count == 1000)
        #expect(translation.text.hasSuffix("$999,$1000,"))
    }
}
