import HTTPService
import Testing

@testable import Origin

struct DirectListenersTests {
    private let one = IPAddress(v4: 0x0A00_0001)
    private let two = IPAddress(v4: 0x0A00_0002)

    @Test func aListenerIsAnAddressAndAUserAgentOfAChannel() {
        var listeners = DirectListeners()
        let now = ContinuousClock.now
        for _ in 0..<3 { listeners.seen(one, userAgent: "VLC", channel: "radio", at: now) }
        listeners.seen(one, userAgent: "mpv", channel: "radio", at: now)
        listeners.seen(two, userAgent: "VLC", channel: "radio", at: now)
        listeners.seen(two, userAgent: "VLC", channel: "other", at: now)
        #expect(listeners.counts(at: now) == ["radio": 3, "other": 1])
    }

    @Test func whoAsksForNothingIsGoneAfterHalfAMinute() {
        var listeners = DirectListeners()
        let now = ContinuousClock.now
        listeners.seen(one, userAgent: "VLC", channel: "radio", at: now)
        listeners.seen(two, userAgent: "VLC", channel: "radio", at: now + .seconds(20))
        #expect(listeners.counts(at: now + .seconds(30)) == ["radio": 2])
        #expect(listeners.counts(at: now + .seconds(31)) == ["radio": 1])
        #expect(listeners.counts(at: now + .seconds(51)) == [:])
    }

    @Test func theNumberOfListenersIsBounded() {
        var listeners = DirectListeners()
        let now = ContinuousClock.now
        for number in 0..<(DirectListeners.maximumCount + 10) {
            listeners.seen(IPAddress(v4: UInt32(number)), userAgent: "", channel: "radio", at: now)
        }
        #expect(listeners.counts(at: now) == ["radio": DirectListeners.maximumCount])
    }
}
