import Testing

@testable import Persistence

struct StatementCacheTests {
    private func key(_ sql: String) -> StatementCache.Key { StatementCache.Key(sql: sql, types: []) }

    @Test func whatWasNotUsedForLongestGoes() {
        var cache = StatementCache(limit: 2)
        let names = [cache.makeName(), cache.makeName(), cache.makeName()]
        #expect(Set(names).count == 3)
        #expect(cache.insert(StatementCache.Entry(name: names[0]), for: key("a")) == nil)
        #expect(cache.insert(StatementCache.Entry(name: names[1]), for: key("b")) == nil)
        #expect(cache.find(key("a"))?.name == names[0])
        #expect(cache.insert(StatementCache.Entry(name: names[2]), for: key("c")) == names[1])
        #expect(cache.find(key("b")) == nil)
        #expect(cache.find(key("a"))?.name == names[0])
        #expect(cache.count == 2)
    }

    @Test func otherTypesAreAnotherStatement() {
        var cache = StatementCache(limit: 5)
        _ = cache.insert(StatementCache.Entry(name: "x"), for: StatementCache.Key(sql: "a", types: [20]))
        #expect(cache.find(StatementCache.Key(sql: "a", types: [25])) == nil)
        cache.removeAll()
        #expect(cache.find(StatementCache.Key(sql: "a", types: [20])) == nil)
    }
}
