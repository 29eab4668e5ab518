import AudioTimeline
import HLS
import HTTPService
import NIOCore
import NIOEmbedded
import SegmentStore
import Testing

@testable import Origin

/// Requests that wait are answered exactly when what they wait for is there.
struct StreamHubTests {
    private let loop = EmbeddedEventLoop()
    private let hub = StreamHub(stream: "s", settings: OriginSettings())

    init() { hub.caughtUp() }

    /// The answer if it is there.
    private final class Answer {
        var response: HTTPResponse?

        init(_ answer: HTTPAnswer?) {
            switch answer {
            case .response(let response), .leased(let response, _): self.response = response
            case .shared(let shared):
                shared.answer.assumeIsolated().whenSuccess {
                    switch $0 {
                    case .response(let response), .leased(let response, _): self.response = response
                    default: Issue.record("no response")
                    }
                }
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

    /// An origin that is asked for the first time answers when it has read what was there, and holds a reload that asks
    /// for more than that.
    @Test func nothingIsAnsweredBeforeTheLogIsRead() throws {
        let hub = StreamHub(stream: "s", settings: OriginSettings())
        func ask(_ query: String) -> Answer {
            Answer(hub.playlist(rendition: "aac-64", directives: DeliveryDirectives(query: query), on: loop))
        }
        var maker = BundleMaker()
        let plain = ask("")
        let satisfied = ask("_HLS_msn=2&_HLS_part=4")
        let early = ask("_HLS_msn=2&_HLS_part=5")
        let tooEarly = ask("_HLS_msn=7")
        for bundle in maker.next(25) { hub.add(bundle) }
        loop.run()
        #expect(plain.response == nil && satisfied.response == nil)
        hub.caughtUp()
        loop.run()
        #expect(plain.text?.contains("1-1.m4s") == true)
        #expect(satisfied.text?.contains("1-2.4.m4s") == true)
        #expect(tooEarly.response?.status == .badRequest)
        #expect(early.response == nil)
        hub.add(maker.next())
        loop.run()
        #expect(early.text?.contains("1-2.5.m4s") == true)
    }

    /// A log that says nothing new for 5 s: whoever can ask another origin is told to, and everybody else gets what there
    /// is. So it is with a reload of which another origin may know more.
    @Test func whatIsBehindIsAskedOfAnother() throws {
        func ask(_ query: String) -> Answer {
            let directives = DeliveryDirectives(query: query)
            return Answer(hub.playlist(rendition: "aac-64", directives: directives, mayAskOthers: true, on: loop))
        }
        var maker = BundleMaker()
        add(maker.next(23))
        #expect(ask("").response?.status == .ok)
        #expect(ask("_HLS_msn=9").response?.status == .forbidden)
        #expect(self.ask("_HLS_msn=9").response?.status == .badRequest)
        let reload = ask("_HLS_msn=2&_HLS_part=3")
        let reloadElsewhere = self.ask("_HLS_msn=2&_HLS_part=3")
        let part = Answer(hub.media(rendition: "aac-64", file: "1-2.3.m4s", mayAskOthers: true, on: loop))
        let late = NIODeadline.now() + .milliseconds(5_100)
        #expect(hub.silence(now: .now() + .seconds(4)) == nil)
        #expect(try #require(hub.silence(now: late)) > .seconds(5))
        _ = hub.expire(now: late)
        loop.run()
        #expect(reload.response?.status == .forbidden && part.response?.status == .forbidden)
        #expect(reloadElsewhere.response == nil)
        add(maker.next(1))
        #expect(reloadElsewhere.response?.status == .ok)
        hub.end()
        #expect(hub.silence(now: late + .seconds(60)) == nil)

        var settings = OriginSettings()
        settings.logPatience = .zero
        let deaf = StreamHub(stream: "s", settings: settings)
        let master = Answer(deaf.multivariant(prefix: "", file: "live.m3u8", mayAskOthers: true, on: loop))
        _ = deaf.expire(now: .now() + .seconds(1))
        loop.run()
        #expect(master.response?.status == .forbidden)
        deaf.unfollow()
        #expect(deaf.silence(now: .now() + .seconds(60)) == nil)
    }

    /// What only the store has is not looked for here.
    @Test func recalledMediaLiesInTheStore() throws {
        let hub = StreamHub(stream: "s", settings: OriginSettings())
        var index = RecordingIndex(
            stream: "s",
            renditions: [.init(name: "aac-64", codecs: "mp4a.40.2", peakBitRate: 1000, averageBitRate: 900)])
        index.epochs = [
            .init(
                number: 1, firstMediaSequence: 0, discontinuitySequence: 0, segmentCount: 2,
                lastSegmentSamples: 92_160, dates: [.init(segment: 0, dateMicroseconds: 0)])
        ]
        hub.recall(index)
        hub.caughtUp()
        for file in ["1-0.m4s", "1-1.3.m4s", "init-1.mp4"] {
            if hub.media(rendition: "aac-64", file: file, on: loop) != nil { Issue.record("\(file) is answered") }
        }
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
