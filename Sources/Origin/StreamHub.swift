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
        case playlist(Int, BlockingReload.Target)
        case part(Int, String)
        /// A playlist that is asked for before the first whole segment.
        case beginning(String, DeliveryDirectives)
        /// Whatever else is asked for then.
        case start
        /// The end of what was there before this hub.
        case end
    }

    fileprivate struct Waiter {
        var wish: Wish
        var promise: EventLoopPromise<HTTPAnswer>
        var answer: @Sendable (StreamHub) -> HTTPAnswer
        var deadline: NIODeadline
        /// Whether it comes from a proxy that can ask another origin.
        var mayAskOthers: Bool
    }

    fileprivate struct State {
        var window = LiveWindow()
        var playlists: [PlaylistKey: HTTPResponse] = [:]
        var media = LeasedMedia()
        var waiters: [Waiter] = []
        var lastAsked = NIODeadline.now()
        var isClosed = false
        /// Whether what the store and the log had has been read: until then the window's end is not the live edge.
        var isCaughtUp = false
        /// When the log last had something new.
        var lastHeard = NIODeadline.now()
        /// Whether there is a log to hear of.
        var isFollowed = true
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

    /// What was stored before the log is read.
    func recall(_ index: RecordingIndex) {
        state.withLock { state in
            state.window.recall(index)
            state.makeRoomForMedia()
        }
    }

    /// All that the log had when the reading began has been added: requests are answered from now on.
    func caughtUp() {
        let woken: [Waiter] = state.withLock { state in
            guard !state.isCaughtUp else { return [] }
            state.isCaughtUp = true
            return state.takeWoken(settings)
        }
        wake(woken)
    }

    func add(_ bundle: MediaBundle) {
        let woken: [Waiter] = state.withLock { state in
            state.lastHeard = .now()
            let removed = state.window.add(bundle)
            state.playlists.removeAll(keepingCapacity: true)
            if let playing = bundle.nowPlaying { state.nowPlaying = playing }
            state.levels = bundle.levels
            state.makeRoomForMedia()
            if let last = state.window.segments.last, last.mediaSequence == bundle.mediaSequence {
                // The parts of a whole segment have moved, so that the log's buffers need not stay.
                if last.isWhole { state.media.revoke(last.name) }
                for part in last.isWhole ? 0...Int(bundle.part) : Int(bundle.part)...Int(bundle.part) {
                    state.announce(part, of: last)
                }
            }
            if !removed.isEmpty { state.forget(removed) }
            return state.takeWoken(settings)
        }
        wake(woken)
    }

    func end() {
        let woken: [Waiter] = state.withLock { state in
            state.window.end()
            state.isCaughtUp = true
            state.playlists = [:]
            return state.takeWoken(settings)
        }
        wake(woken)
    }

    /// The log is not read any more: it is gone, and so is the stream.
    func unfollow() { state.withLock { $0.isFollowed = false } }

    /// For how long the log of a stream on the air has told nothing new, if that is too long. It is five slots a second,
    /// also while the encoder is away: this origin is cut off, or nobody works on the stream.
    func silence(now: NIODeadline) -> Duration? {
        state.withLock { $0.isCutOff(settings, now: now) ? .nanoseconds((now - $0.lastHeard).nanoseconds) : nil }
    }

    /// Answers requests that have waited too long, and says whether anybody still wants the stream.
    func expire(now: NIODeadline) -> Bool {
        let (late, others, isWanted): ([Waiter], [Waiter], Bool) = state.withLock { state in
            let (isCutOff, isCaughtUp) = (state.isCutOff(settings, now: now), state.isCaughtUp)
            let others = state.takeWaiters { $0.mayAskOthers && (isCutOff || !isCaughtUp && $0.deadline <= now) }
            let late = state.takeWaiters { $0.deadline <= now }
            let linger = TimeAmount.nanoseconds(settings.linger.nanoseconds)
            if state.media.takeUse() { state.lastAsked = now }
            let isWanted = !state.waiters.isEmpty || state.lastAsked + linger > now
            if !isWanted { state.close() }
            return (late, others, isWanted)
        }
        for waiter in others { waiter.promise.succeed(.response(.askAnother)) }
        for waiter in late { waiter.promise.succeed(.response(.notYet)) }
        return isWanted
    }

    /// No more answers come from here; whoever waits gets 503 and asks again.
    func close() {
        let waiters = state.withLock { state in
            state.close()
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.promise.succeed(.response(.notYet)) }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Paths may mean something else now: the loops ask again.
    func revokeLeases() { state.withLock { $0.media.renewAll() } }

    /// One waits for all of a loop who asked in the same words; they are answered in one turn of it.
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
    func multivariant(prefix: String, file: String, mayAskOthers: Bool = false, on loop: any EventLoop) -> HTTPAnswer {
        whenStarted(mayAskOthers: mayAskOthers, on: loop) { hub in
            let playlist = hub.state.withLock { $0.window.multivariant(prefix: prefix, file: file) }
            var body = ByteBuffer()
            playlist.write(into: &body)
            return .playlist(body, maximumAge: 1)
        }
    }

    /// A media playlist, now or when it is as far as the directives ask.
    /// - Parameter mayAskOthers: whether who asks goes on to another origin if this one is behind.
    func playlist(
        rendition name: String, directives: DeliveryDirectives, mayAskOthers: Bool = false, on loop: any EventLoop
    ) -> HTTPAnswer {
        state.withLock { state in
            state.lastAsked = .now()
            if mayAskOthers, state.isCutOff(settings, now: .now()) { return .response(.askAnother) }
            guard state.hasStarted else {
                return hold(
                    .beginning(name, directives), in: &state, on: loop, for: settings.startPatience,
                    mayAskOthers: mayAskOthers
                ) { hub in
                    .response(hub.playlistNow(rendition: name, directives))
                }
            }
            guard let rendition = state.window.renditionIndex(name) else { return .response(.noSuchMedia) }
            let target: BlockingReload.Target
            switch state.decide(directives, settings) {
            case .wait(let until): target = until
            case .badRequest(.segmentTooFarAhead) where mayAskOthers, .badRequest(.partTooFarAhead) where mayAskOthers:
                return .response(.askAnother)
            default: return .response(state.response(rendition: rendition, directives, settings))
            }
            return hold(
                .playlist(rendition, target), in: &state, on: loop, for: Self.reloadPatience,
                mayAskOthers: mayAskOthers
            ) { hub in
                .response(hub.playlistNow(rendition: name, directives))
            }
        }
    }

    /// RFC 8216bis §6.2.5.2: a blocked reload is answered with 503 after three target durations.
    private static let reloadPatience = Duration.seconds(
        BlockingReload.waitMax(targetDurationSeconds: LiveWindow.targetDurationSeconds))

    private func playlistNow(rendition name: String, _ directives: DeliveryDirectives) -> HTTPResponse {
        state.withLock { state in
            guard let rendition = state.window.renditionIndex(name) else { return .noSuchMedia }
            return state.response(rendition: rendition, directives, settings)
        }
    }

    /// Waits until the hub knows what was there before it, or gives up: an origin that is asked for the first time
    /// must not say that there is no such part.
    /// - Returns: nil when it knows; what is to be said otherwise.
    func untilCaughtUp(mayAskOthers: Bool = false, on loop: any EventLoop) async -> HTTPResponse? {
        let answer = state.withLock { state in
            state.isCaughtUp
                ? HTTPAnswer.pass
                : hold(.end, in: &state, on: loop, for: settings.startPatience, mayAskOthers: mayAskOthers) { _ in
                    .pass
                }
        }
        let later: HTTPAnswer? = if case .shared(let shared) = answer { try? await shared.answer.get() } else { answer }
        return switch later {
        case .pass: nil
        case .response(let response): response
        default: .notYet
        }
    }

    var isCaughtUp: Bool { state.withLock { $0.isCaughtUp } }

    /// A part, segment or initialization segment; nil when it is not in the window.
    func media(rendition name: String, file: String, mayAskOthers: Bool = false, on loop: any EventLoop) -> HTTPAnswer?
    {
        state.withLock { state in
            state.lastAsked = .now()
            guard let rendition = state.window.renditionIndex(name) else { return nil }
            if let answer = state.media.answer(rendition: rendition, name: file) { return answer }
            if state.makeMedia(rendition: rendition, file: file) {
                return state.media.answer(rendition: rendition, name: file)
            }
            guard file == state.window.hint else { return nil }
            if mayAskOthers, state.isCutOff(settings, now: .now()) { return .response(.askAnother) }
            // Not longer than a client waits for a playlist; the part comes within a part's duration as a rule.
            return hold(
                .part(rendition, file), in: &state, on: loop, for: .seconds(6), mayAskOthers: mayAskOthers
            ) { hub in
                hub.state.withLock { $0.media.answer(rendition: rendition, name: file) } ?? .response(.noSuchMedia)
            }
        }
    }

    private func whenStarted(
        mayAskOthers: Bool, on loop: any EventLoop, _ answer: @escaping @Sendable (StreamHub) -> HTTPResponse
    ) -> HTTPAnswer {
        let held: HTTPAnswer? = state.withLock { state in
            state.lastAsked = .now()
            guard !state.hasStarted else { return nil }
            return hold(.start, in: &state, on: loop, for: settings.startPatience, mayAskOthers: mayAskOthers) {
                .response(answer($0))
            }
        }
        return held ?? .response(answer(self))
    }

    private func hold(
        _ wish: Wish, in state: inout State, on loop: any EventLoop, for patience: Duration, mayAskOthers: Bool,
        _ answer: @escaping @Sendable (StreamHub) -> HTTPAnswer
    ) -> HTTPAnswer {
        guard !state.isClosed else { return .response(.notYet) }
        let promise = loop.makePromise(of: HTTPAnswer.self)
        state.waiters.append(
            Waiter(
                wish: wish, promise: promise, answer: answer,
                deadline: .now() + .nanoseconds(patience.nanoseconds), mayAskOthers: mayAskOthers))
        return .shared(HTTPSharedAnswer(promise.futureResult))
    }
}

extension StreamHub.State {
    fileprivate func isCutOff(_ settings: OriginSettings, now: NIODeadline) -> Bool {
        isFollowed && !window.isEnded && now - lastHeard > .nanoseconds(settings.logPatience.nanoseconds)
    }

    fileprivate mutating func takeWaiters(_ areMeant: (StreamHub.Waiter) -> Bool) -> [StreamHub.Waiter] {
        let taken = waiters.filter(areMeant)
        if !taken.isEmpty { waiters.removeAll(where: areMeant) }
        return taken
    }

    fileprivate mutating func makeRoomForMedia() { media.makeRoom(forRenditions: window.setups.count) }

    /// Whoever has the stream next knows nothing of what the loops keep.
    fileprivate mutating func close() {
        isClosed = true
        media.close()
    }

    /// A whole segment or an initialization segment, when somebody first wants it.
    /// - Returns: whether there is one of this name.
    fileprivate mutating func makeMedia(rendition: Int, file: String) -> Bool {
        if let segment = window.segments.first(where: { $0.isWhole && !$0.isStored && $0.name == file }) {
            let response = HTTPResponse.media(segment.bytes(rendition: rendition), tag: file)
            media.add(response, rendition: rendition, name: file, owner: file)
            return true
        }
        for (epoch, bytes) in window.initializations
        where file == SegmentKey.initialization(epoch: epoch) && bytes.indices.contains(rendition) {
            let response = HTTPResponse.media(bytes[rendition], tag: "\(window.setups[rendition].name)-\(file)")
            media.add(response, rendition: rendition, name: file, owner: file)
            return true
        }
        return false
    }

    /// Whether there is something to list.
    fileprivate var hasStarted: Bool { isCaughtUp && window.hasWholeSegment }

    fileprivate func decide(_ directives: DeliveryDirectives, _ settings: OriginSettings) -> BlockingReload.Decision {
        BlockingReload(
            partTargetSamples: settings.isLowLatency ? window.partTargetSamples : nil,
            partsPerSegment: Int(Timeline.slotsPerSegment)
        ).decide(directives, at: window.position)
    }

    /// The playlist of this version, rendered by the first who wants it.
    fileprivate mutating func response(
        rendition: Int, _ directives: DeliveryDirectives, _ settings: OriginSettings
    ) -> HTTPResponse {
        if case .badRequest(let reason) = decide(directives, settings) { return .badDirectives(reason) }
        let isBlocking = directives.mediaSequence != nil
        let key = StreamHub.PlaylistKey(rendition: rendition, skip: directives.skip, isBlocking: isBlocking)
        if let response = playlists[key] { return response }
        var body = ByteBuffer()
        window.playlist(rendition: rendition, isLowLatency: settings.isLowLatency).skipping(directives.skip)
            .write(into: &body)
        let response = HTTPResponse.playlist(body, maximumAge: isBlocking ? 12 : 1)
        playlists[key] = response
        return response
    }

    fileprivate mutating func announce(_ part: Int, of segment: WindowSegment) {
        guard segment.bundles.indices.contains(part) else { return }
        let name = segment.partName(part)
        for (rendition, taken) in segment.bundles[part].parts.enumerated() {
            media.add(.media(taken.bytes, tag: name), rendition: rendition, name: name, owner: segment.name)
        }
    }

    /// Segments that left the window, and the initialization segments that nothing in it needs any more.
    fileprivate mutating func forget(_ segments: [WindowSegment]) {
        for segment in segments {
            media.revoke(segment.name)
            media.remove([segment.name] + segment.bundles.indices.map(segment.partName))
        }
        for epoch in Set(segments.map(\.epoch)) where window.initializations[epoch] == nil {
            let name = SegmentKey.initialization(epoch: epoch)
            media.revoke(name)
            media.remove([name])
        }
    }

    /// Takes out the waiters whose wish has come true; those who wait for a part first, since they are to hear it.
    fileprivate mutating func takeWoken(_ settings: OriginSettings) -> [StreamHub.Waiter] {
        guard !waiters.isEmpty else { return [] }
        var parts: [StreamHub.Waiter] = []
        var others: [StreamHub.Waiter] = []
        var rest: [StreamHub.Waiter] = []
        let hint = window.hint
        let position = window.position
        for var waiter in waiters {
            if case .beginning(let name, let directives) = waiter.wish, hasStarted,
                let rendition = window.renditionIndex(name), case .wait(let target) = decide(directives, settings)
            {
                waiter.wish = .playlist(rendition, target)
            }
            let isFulfilled =
                switch waiter.wish {
                case .start, .beginning: hasStarted
                case .end: isCaughtUp
                case .playlist(_, let target): target.isSatisfied(at: position)
                // Announced, or never to come: another part is hinted now.
                case .part(_, let file): file != hint
                }
            if !isFulfilled {
                rest.append(waiter)
            } else if case .part = waiter.wish {
                parts.append(waiter)
            } else {
                others.append(waiter)
            }
        }
        waiters = rest
        return parts + others
    }
}

extension Duration {
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
