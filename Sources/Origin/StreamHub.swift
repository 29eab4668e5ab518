import AudioTimeline
import HLS
import HTTPService
import NIOCore
import SegmentStore
import Synchronization

/// One stream at this origin: its live window, what was rendered of it, and the requests that wait for more.
///
/// Shared by all event loops behind one lock that is held for microseconds; each version of a playlist is rendered and
/// compressed once, by the first request that wants it.
final class StreamHub: Sendable {
    /// Which playlist a response is.
    fileprivate struct PlaylistKey: Hashable {
        var rendition: Int
        var skip: SkipDirective?
        var isBlocking: Bool
    }

    fileprivate enum Wish: Hashable {
        case playlist(Int, SkipDirective?, BlockingReload.Target)
        case part(Int, String)
        /// Whatever is asked for before the first whole segment.
        case start
    }

    fileprivate struct Waiter {
        var wish: Wish
        var promise: EventLoopPromise<HTTPResponse>
        var answer: @Sendable (StreamHub) -> HTTPResponse
        var deadline: NIODeadline
    }

    fileprivate struct State {
        var window = LiveWindow()
        var playlists: [PlaylistKey: HTTPResponse] = [:]
        var media: [[String: HTTPResponse]] = []
        var waiters: [Waiter] = []
        var lastAsked = NIODeadline.now()
        var isClosed = false
        var nowPlaying = NowPlaying.nothing
        var levels: [SlotLevel] = []
    }

    let stream: String
    private let settings: OriginSettings
    private let state = Mutex(State())

    init(stream: String, settings: OriginSettings) {
        self.stream = stream
        self.settings = settings
    }

    // MARK: The log

    func add(_ bundle: MediaBundle) {
        let woken: [Waiter] = state.withLock { state in
            let removed = state.window.add(bundle)
            state.playlists.removeAll(keepingCapacity: true)
            if let playing = bundle.nowPlaying { state.nowPlaying = playing }
            state.levels = bundle.levels
            if state.media.count != state.window.setups.count {
                state.media = [[String: HTTPResponse]](repeating: [:], count: state.window.setups.count)
            }
            if let last = state.window.segments.last, last.mediaSequence == bundle.mediaSequence {
                // Those of a whole segment have moved.
                for part in last.isWhole ? 0...Int(bundle.part) : Int(bundle.part)...Int(bundle.part) {
                    state.announce(part, of: last)
                }
            }
            for segment in removed { state.forget(segment) }
            return state.takeWoken()
        }
        wake(woken)
    }

    func end() {
        let woken: [Waiter] = state.withLock { state in
            state.window.end()
            state.playlists = [:]
            return state.takeWoken()
        }
        wake(woken)
    }

    /// Answers requests that have waited too long, and says whether anybody still wants the stream.
    func expire(now: NIODeadline) -> Bool {
        let (late, isWanted): ([Waiter], Bool) = state.withLock { state in
            let late = state.waiters.filter { $0.deadline <= now }
            if !late.isEmpty { state.waiters.removeAll { $0.deadline <= now } }
            let linger = TimeAmount.nanoseconds(settings.linger.nanoseconds)
            let isWanted = !state.waiters.isEmpty || state.lastAsked + linger > now
            if !isWanted { state.isClosed = true }
            return (late, isWanted)
        }
        for waiter in late { waiter.promise.succeed(.notYet) }
        return isWanted
    }

    /// No more answers come from here; whoever waits gets 503 and asks again.
    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.promise.succeed(.notYet) }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Listeners of one loop are answered in one turn of it.
    private func wake(_ waiters: [Waiter]) {
        let loops = Dictionary(grouping: waiters) { ObjectIdentifier($0.promise.futureResult.eventLoop) }
        for group in loops.values {
            let loop = group[0].promise.futureResult.eventLoop
            loop.execute {
                for waiter in group { waiter.promise.succeed(waiter.answer(self)) }
            }
        }
    }

    // MARK: Requests

    /// The multivariant playlist; `prefix` leads from it to the stream.
    func multivariant(prefix: String, file: String, on loop: any EventLoop) -> HTTPAnswer {
        whenStarted(on: loop) { hub in
            let playlist = hub.state.withLock { $0.window.multivariant(prefix: prefix, file: file) }
            var body = ByteBuffer()
            playlist.write(into: &body)
            return .playlist(body, maximumAge: 1)
        }
    }

    /// A media playlist, now or when it is as far as the directives ask.
    func playlist(rendition name: String, directives: DeliveryDirectives, on loop: any EventLoop) -> HTTPAnswer {
        let isLowLatency = settings.isLowLatency
        return state.withLock { state in
            state.lastAsked = .now()
            guard state.window.hasWholeSegment else {
                return hold(.start, in: &state, on: loop, for: settings.startPatience) { hub in
                    hub.playlistNow(rendition: name, skip: nil, isBlocking: false)
                }
            }
            guard let rendition = state.window.renditionIndex(name) else { return .response(.noSuchMedia) }
            let reload = BlockingReload(
                partTargetSamples: isLowLatency ? state.window.partTargetSamples : nil,
                partsPerSegment: Int(Timeline.slotsPerSegment))
            let isBlocking = directives.mediaSequence != nil
            switch reload.decide(directives, at: state.window.position) {
            case .answerNow:
                return .response(
                    state.response(
                        rendition: rendition, skip: directives.skip, isBlocking: isBlocking,
                        isLowLatency: isLowLatency))
            case .badRequest(let reason): return .response(.badDirectives(reason))
            case .wait(let target):
                let patience = Duration.seconds(
                    BlockingReload.waitMax(targetDurationSeconds: LiveWindow.targetDurationSeconds))
                return hold(
                    .playlist(rendition, directives.skip, target), in: &state, on: loop, for: patience
                ) { hub in
                    hub.playlistNow(rendition: name, skip: directives.skip, isBlocking: true)
                }
            }
        }
    }

    private func playlistNow(rendition name: String, skip: SkipDirective?, isBlocking: Bool) -> HTTPResponse {
        let isLowLatency = settings.isLowLatency
        return state.withLock { state in
            guard let rendition = state.window.renditionIndex(name) else { return .noSuchMedia }
            return state.response(
                rendition: rendition, skip: skip, isBlocking: isBlocking, isLowLatency: isLowLatency)
        }
    }

    /// A part, segment or initialization segment; nil when it is not in the window.
    func media(rendition name: String, file: String, on loop: any EventLoop) -> HTTPAnswer? {
        state.withLock { state in
            state.lastAsked = .now()
            guard let rendition = state.window.renditionIndex(name) else { return nil }
            if let response = state.media[rendition][file] { return .response(response) }
            if let segment = state.window.segments.first(where: { $0.isWhole && $0.name == file }) {
                let response = HTTPResponse.media(segment.bytes(rendition: rendition), tag: file)
                state.media[rendition][file] = response
                return .response(response)
            }
            for (epoch, bytes) in state.window.initializations
            where file == SegmentKey.initialization(epoch: epoch) && bytes.indices.contains(rendition) {
                return .response(.media(bytes[rendition], tag: "\(name)-\(file)"))
            }
            guard file == state.window.hint else { return nil }
            // Not longer than a client waits for a playlist; the part comes within a part's duration as a rule.
            return hold(.part(rendition, file), in: &state, on: loop, for: .seconds(6)) { hub in
                hub.state.withLock { $0.media[rendition][file] } ?? .noSuchMedia
            }
        }
    }

    private func whenStarted(
        on loop: any EventLoop, _ answer: @escaping @Sendable (StreamHub) -> HTTPResponse
    ) -> HTTPAnswer {
        let held: HTTPAnswer? = state.withLock { state in
            state.lastAsked = .now()
            guard !state.window.hasWholeSegment else { return nil }
            return hold(.start, in: &state, on: loop, for: settings.startPatience, answer)
        }
        return held ?? .response(answer(self))
    }

    private func hold(
        _ wish: Wish, in state: inout State, on loop: any EventLoop, for patience: Duration,
        _ answer: @escaping @Sendable (StreamHub) -> HTTPResponse
    ) -> HTTPAnswer {
        guard !state.isClosed else { return .response(.notYet) }
        let promise = loop.makePromise(of: HTTPResponse.self)
        state.waiters.append(
            Waiter(
                wish: wish, promise: promise, answer: answer,
                deadline: .now() + .nanoseconds(patience.nanoseconds)))
        return .future(promise.futureResult)
    }
}

extension StreamHub.State {
    /// The rendered playlist of this version.
    fileprivate mutating func response(
        rendition: Int, skip: SkipDirective?, isBlocking: Bool, isLowLatency: Bool
    ) -> HTTPResponse {
        let key = StreamHub.PlaylistKey(rendition: rendition, skip: skip, isBlocking: isBlocking)
        if let response = playlists[key] { return response }
        var body = ByteBuffer()
        window.playlist(rendition: rendition, isLowLatency: isLowLatency).skipping(skip).write(into: &body)
        let response = HTTPResponse.playlist(body, maximumAge: isBlocking ? 12 : 1)
        playlists[key] = response
        return response
    }

    fileprivate mutating func announce(_ part: Int, of segment: WindowSegment) {
        guard segment.bundles.indices.contains(part) else { return }
        let name = segment.partName(part)
        for (rendition, taken) in segment.bundles[part].parts.enumerated() where rendition < media.count {
            media[rendition][name] = .media(taken.bytes, tag: name)
        }
    }

    fileprivate mutating func forget(_ segment: WindowSegment) {
        for rendition in media.indices {
            media[rendition][segment.name] = nil
            for index in segment.bundles.indices { media[rendition][segment.partName(index)] = nil }
        }
    }

    /// Takes out the waiters whose wish has come true.
    fileprivate mutating func takeWoken() -> [StreamHub.Waiter] {
        guard !waiters.isEmpty else { return [] }
        let position = window.position
        let hasStarted = window.hasWholeSegment
        let hint = window.hint
        var woken: [StreamHub.Waiter] = []
        var rest: [StreamHub.Waiter] = []
        for waiter in waiters {
            let isFulfilled =
                switch waiter.wish {
                case .start: hasStarted
                case .playlist(_, _, let target): target.isSatisfied(at: position)
                // Announced, or never to come: another part is hinted now.
                case .part(_, let file): file != hint
                }
            if isFulfilled { woken.append(waiter) } else { rest.append(waiter) }
        }
        waiters = rest
        return woken
    }
}

extension Duration {
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
