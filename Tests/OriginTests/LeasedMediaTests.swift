import HLS
import HTTPService
import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import Origin

/// What the event loops keep of a stream's media, and when they stop.
@Suite(.timeLimit(.minutes(20))) struct LeasedMediaTests {
    private let loop = EmbeddedEventLoop()
    private let hub = StreamHub(stream: "s", settings: OriginSettings())

    init() { hub.caughtUp() }

    private func leased(_ file: String, rendition: String = "aac-64") throws -> (text: String, lease: HTTPLease) {
        guard case .leased(let response, let lease) = hub.media(rendition: rendition, file: file, on: loop) else {
            throw NotLeased()
        }
        return (String(buffer: response.body), lease)
    }

    private struct NotLeased: Error {}

    private func isThere(_ file: String) -> Bool { hub.media(rendition: "aac-64", file: file, on: loop) != nil }

    @Test func aLeaseEndsWhenItsSegmentLeavesTheWindow() throws {
        var maker = BundleMaker()
        for bundle in maker.next(25) { hub.add(bundle) }
        let part = try leased("1-0.2.m4s")
        let whole = try leased("1-0.m4s", rendition: "opus-96")
        let initialization = try leased("init-1.mp4")
        let other = try leased("1-1.2.m4s")
        // The window has 60 s: 31 segments and what is open.
        for bundle in maker.next(295) { hub.add(bundle) }
        #expect(part.lease.isValid && isThere("1-0.2.m4s"))
        for bundle in maker.next(5) { hub.add(bundle) }
        #expect(!part.lease.isValid && !whole.lease.isValid)
        #expect(!isThere("1-0.2.m4s") && !isThere("1-0.m4s"))
        #expect(other.lease.isValid && initialization.lease.isValid)
        #expect(try leased("init-1.mp4").text == "aac-64 init 1")
    }

    /// The bytes of a whole segment have moved; the loops let go of where they were, and find the same bytes.
    @Test func aLeaseEndsWhenItsSegmentIsWhole() throws {
        var maker = BundleMaker()
        for bundle in maker.next(15) { hub.add(bundle) }
        let before = try leased("1-1.2.m4s")
        for bundle in maker.next(5) { hub.add(bundle) }
        #expect(!before.lease.isValid)
        let after = try leased("1-1.2.m4s")
        #expect(after.lease.isValid)
        #expect(after.text == before.text)
    }

    @Test func anInitializationSegmentLeavesWithItsEpoch() throws {
        var first = BundleMaker()
        for bundle in first.next(20) { hub.add(bundle) }
        let initialization = try leased("init-1.mp4")
        var second = first.nextEpoch()
        for bundle in second.next(330) { hub.add(bundle) }
        #expect(!initialization.lease.isValid)
        #expect(!isThere("init-1.mp4"))
        #expect(try leased("init-2.mp4").text == "aac-64 init 2")
    }

    @Test func renamingChannelsRevokesAndRenews() throws {
        var maker = BundleMaker()
        for bundle in maker.next(12) { hub.add(bundle) }
        let before = try leased("1-0.2.m4s")
        hub.revokeLeases()
        #expect(!before.lease.isValid)
        let after = try leased("1-0.2.m4s")
        #expect(after.lease.isValid && after.text == before.text)
    }

    /// Nobody takes back what a closed hub leases, so it leases nothing.
    @Test func aClosedHubLeasesNothing() throws {
        var maker = BundleMaker()
        for bundle in maker.next(12) { hub.add(bundle) }
        let before = try leased("1-0.2.m4s")
        hub.close()
        #expect(!before.lease.isValid)
        for bundle in maker.next(3) { hub.add(bundle) }
        let new = try leased("1-1.3.m4s")
        #expect(!new.lease.isValid)
        let whole = try leased("1-0.m4s")
        #expect(!whole.lease.isValid)
    }

    /// Who only asks for parts that the loops keep still listens: the stream is read on.
    @Test func whatTheLoopsGiveOutKeepsTheStreamRead() async throws {
        var maker = BundleMaker()
        for bundle in maker.next(12) { hub.add(bundle) }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let responder = HTTPResponderFunction { [hub] _, context in
            hub.media(rendition: "aac-64", file: "1-0.2.m4s", on: context.eventLoop) ?? .pass
        }
        let server = HTTPServer(
            host: "127.0.0.1", port: 0, group: group, responders: [responder], logger: Logger(label: "test"))
        let port = try await server.start()
        func fetch() async throws {
            let channel = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
            try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
                for try await _ in inbound {}
            }
        }
        try await fetch()
        let later = NIODeadline.now() + .seconds(61)
        try await fetch()
        #expect(hub.expire(now: later), "the second request was answered by the loop")
        #expect(!hub.expire(now: later + .seconds(61)))
        await server.shutdown()
        try await group.shutdownGracefully()
    }
}
