import AudioTimeline
import HLS
import HTTPService
import NIOCore
import NIOEmbedded
import Testing

@testable import Origin

/// Requests that wait are answered exactly when what they wait for is there.
struct StreamHubTests {
    private let loop = EmbeddedEventLoop()
    private let hub = StreamHub(stream: "s", settings: OriginSettings())

    /// The answer if it is there.
    private final class Answer {
        var response: HTTPResponse?

        init(_ answer: HTTPAnswer?) {
            switch answer {
            case .response(let response): self.response = response
            case .future(let future):
                future.assumeIsolated().whenSuccess { self.response = $0 }
            default: Issue.record("neither at once nor held")
            }
        }

        var text: String? { response.map { String(buffer: $0.body) } }
    }

    private func ask(_ query: String, rendition: String = "aac-64") -> Answer {
        Answer(hub.playlist(rendition: rendition, directives: DeliveryDirectives(query: query), on: loop))
    }

    private func add(_ bundles: [MediaBundle]) {
        for bundle in bundles { hub.add(bundle) }
        loop.run()
    }

    /// Until the first whole segment everything waits.
    @Test func startIsHeld() throws {
        var maker = BundleMaker()
        let master = Answer(hub.multivariant(prefix: "", file: "live.m3u8", on: loop))
        let playlist = ask("")
        add(maker.next(9))
        #expect(master.response == nil && playlist.response == nil)
        add(maker.next(1))
        #expect(master.text?.contains("opus-96/live.m3u8") == true)
        #expect(playlist.text?.contains("1-0.m4s") == true)
    }

    @Test func playlistIsHeldUntilItsPartIsThere() {
        var maker = BundleMaker()
        add(maker.next(13))
        #expect(ask("_HLS_msn=1&_HLS_part=2").response?.status == .ok)
        let next = ask("_HLS_msn=1&_HLS_part=3")
        let later = ask("_HLS_msn=1&_HLS_part=5")
        let whole = ask("_HLS_msn=1")
        #expect(next.response == nil && later.response == nil && whole.response == nil)
        add(maker.next(1))
        #expect(next.text?.contains("1-1.3.m4s") == true)
        #expect(later.response == nil)
        add(maker.next(2))
        #expect(later.text?.contains("1-1.5.m4s") == true)
        #expect(whole.response == nil)
        add(maker.next(4))
        #expect(whole.text?.contains("\n1-1.m4s") == true)
        #expect(ask("_HLS_msn=9").response?.status == .badRequest)
        #expect(ask("_HLS_part=1").response?.status == .badRequest)
        #expect(ask("", rendition: "flac").response?.status == .notFound)
    }

    @Test func hintedPartIsHeld() {
        var maker = BundleMaker()
        add(maker.next(13))
        let there = Answer(hub.media(rendition: "aac-64", file: "1-1.2.m4s", on: loop))
        #expect(there.text == "aac 1-1.2;")
        let hinted = Answer(hub.media(rendition: "opus-96", file: "1-1.3.m4s", on: loop))
        #expect(hinted.response == nil)
        // What is not hinted is not waited for.
        #expect(hub.media(rendition: "aac-64", file: "1-1.4.m4s", on: loop) == nil)
        #expect(hub.media(rendition: "aac-64", file: "1-1.m4s", on: loop) == nil)
        add(maker.next(1))
        #expect(hinted.text == "opus 1-1.3;")
        let whole = Answer(hub.media(rendition: "aac-64", file: "1-0.m4s", on: loop))
        #expect(whole.text == (0..<10).map { "aac 1-0.\($0);" }.joined())
        #expect(Answer(hub.media(rendition: "opus-96", file: "init-1.mp4", on: loop)).text == "opus-96 init 1")
    }

    /// A hint that never came: the epoch ended, or the stream.
    @Test func hintThatNeverCameIsNotFound() {
        var first = BundleMaker()
        add(first.next(13))
        let hinted = Answer(hub.media(rendition: "aac-64", file: "1-1.3.m4s", on: loop))
        var second = first.nextEpoch()
        add(second.next(1))
        #expect(hinted.response?.status == .notFound)
        let next = Answer(hub.media(rendition: "aac-64", file: "2-2.1.m4s", on: loop))
        let playlist = ask("_HLS_msn=2&_HLS_part=1")
        hub.end()
        loop.run()
        #expect(next.response?.status == .notFound)
        #expect(playlist.text?.contains("#EXT-X-ENDLIST") == true)
    }

    /// A response that was rendered for one version is not given for the next.
    @Test func playlistsAreRenderedAnew() {
        var maker = BundleMaker()
        add(maker.next(10))
        #expect(ask("").text?.contains("1-1.0.m4s\",DURATION") != true)
        let before = ask("").text
        #expect(before == ask("").text)
        add(maker.next(1))
        #expect(before != ask("").text)
    }

    /// Who waits too long is told to ask again, and a stream that nobody wants is let go.
    @Test func waitersExpire() {
        var maker = BundleMaker()
        add(maker.next(11))
        let waiting = ask("_HLS_msn=2")
        #expect(hub.expire(now: .now()))
        #expect(waiting.response == nil)
        #expect(hub.expire(now: .now() + .seconds(30)))
        #expect(waiting.response?.status == .serviceUnavailable)
        #expect(!hub.expire(now: .now() + .seconds(100)))
        #expect(hub.isClosed)
        #expect(ask("_HLS_msn=2").response?.status == .serviceUnavailable)
    }

    /// Media that left the window is no longer found here.
    @Test func mediaLeavesWithTheWindow() {
        var maker = BundleMaker()
        add(maker.next(400))
        #expect(hub.media(rendition: "aac-64", file: "1-0.m4s", on: loop) == nil)
        #expect(hub.media(rendition: "aac-64", file: "1-0.0.m4s", on: loop) == nil)
        #expect(Answer(hub.media(rendition: "aac-64", file: "1-30.5.m4s", on: loop)).text == "aac 1-30.5;")
    }
}
