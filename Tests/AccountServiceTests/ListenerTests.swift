import Events
import Testing

@testable import AccountService

struct ListenerTests {
    private let start = ContinuousClock.now

    @Test func whatProcessesCountedLastIsSummed() {
        var census = ListenerCensus()
        census.counted(ListenersCounted(process: "a", counts: ["1": 5]), at: start)
        census.counted(ListenersCounted(process: "b", counts: ["1": 2, "2": 1]), at: start)
        #expect(census.listeners(ofChannel: "1", at: start) == 7)
        #expect(census.listeners(ofChannel: "2", at: start) == 1)
        census.counted(ListenersCounted(process: "b", counts: [:]), at: start)
        #expect(census.listeners(ofChannel: "1", at: start) == 5)
        #expect(census.listeners(ofChannel: "2", at: start) == 0)
    }

    @Test func countsNeverTrap() {
        var census = ListenerCensus()
        census.counted(ListenersCounted(process: "a", counts: ["1": .max]), at: start)
        census.counted(ListenersCounted(process: "b", counts: ["1": .max]), at: start)
        #expect(census.listeners(ofChannel: "1", at: start) == .max)
    }
}
