import Events
import Testing

@testable import AccountService

struct ListenerTests {
    private let start = ContinuousClock.now

    @Test func aProcessThatFellSilentHasNoListeners() {
        var census = ListenerCensus()
        census.counted(ListenersCounted(process: "a", counts: ["1": 5]), at: start)
        census.counted(ListenersCounted(process: "b", counts: ["1": 2, "2": 1]), at: start + .seconds(10))
        #expect(census.listeners(ofChannel: "1", at: start + .seconds(15)) == 7)
        #expect(census.listeners(ofChannel: "1", at: start + .seconds(16)) == 2)
        #expect(census.listeners(ofChannel: "2", at: start + .seconds(16)) == 1)
        census.counted(ListenersCounted(process: "b", counts: [:]), at: start + .seconds(17))
        #expect(census.listeners(ofChannel: "1", at: start + .seconds(17)) == 0)
    }

    @Test func countsNeverTrap() {
        var census = ListenerCensus()
        census.counted(ListenersCounted(process: "a", counts: ["1": .max]), at: start)
        census.counted(ListenersCounted(process: "b", counts: ["1": .max]), at: start)
        #expect(census.listeners(ofChannel: "1", at: start) == .max)
    }

    @Test func processesAreBounded() {
        var census = ListenerCensus()
        for number in 0...ListenerCensus.maximumProcessCount {
            census.counted(ListenersCounted(process: "\(number)", counts: ["1": 1]), at: start)
        }
        #expect(census.listeners(ofChannel: "1", at: start) == ListenerCensus.maximumProcessCount)
    }
}
