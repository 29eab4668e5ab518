import NIOCore
import NIOHTTP1
import S3Testing
import Synchronization
import Telemetry
import Testing

@testable import SegmentStore

/// What the store makes of a service that has a bad day.
@Suite(.timeLimit(.minutes(20))) struct S3FaultTests {
    private func withProxy(
        _ settings: S3Settings = S3Store.settings, _ body: (S3SegmentStore, FaultProxy) async throws -> Void
    ) async throws {
        let server = try await S3Server.shared.value
        let bucket = try await server.makeBucket()
        let proxy = try await FaultProxy.start(before: server.endpoint)
        let outcome: Result<Void, any Error>
        do {
            try await S3Store.with(proxy.endpoint, bucket: bucket, settings: settings) { try await body($0, proxy) }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await proxy.stop()
        try outcome.get()
    }

    private static func error(_ code: String) -> String { "<Error><Code>\(code)</Code><Message>m</Message></Error>" }

    @Test(arguments: [
        FaultProxy.Fault.answer(500), .answer(503, body: error("SlowDown")), .answer(429),
        .answer(400, body: error("RequestTimeout")), .cut, .loseAnswer,
    ])
    func whatPassesIsTriedAgain(fault: FaultProxy.Fault) async throws {
        try await withProxy { store, proxy in
            proxy.fail { $0.number < 2 ? fault : nil }
            try await store.put(ByteBuffer(string: "bytes"), at: "s/a/1-0.m4s")
            #expect(proxy.calls.count == 3)
            // Each try is signed by itself: the same body, and nothing of it in the clear.
            #expect(proxy.calls.allSatisfy { $0.body == ByteBuffer(string: "bytes") })
            #expect(try await store.get("s/a/1-0.m4s") == ByteBuffer(string: "bytes"))
        }
    }

    @Test func triesAreBoundedAndSpacedOut() async throws {
        var settings = S3Store.settings
        settings.attempts = 4
        settings.firstPause = .milliseconds(80)
        try await withProxy(settings) { store, proxy in
            proxy.fail { _ in .answer(500) }
            await #expect { try await store.get("s/x") } throws: { error in
                guard case SegmentStoreError.failed(operation: "read", key: "s/x", let reason) = error else {
                    return false
                }
                return reason.contains("500")
            }
            let calls = proxy.calls
            try #require(calls.count == 4)
            // Half of 80, 160 and 320 ms at least.
            #expect(calls[3].arrival - calls[0].arrival >= .milliseconds(280))
        }
    }

    @Test func aServiceThatHangsIsGivenUpInTime() async throws {
        var settings = S3Store.settings
        settings.requestDeadline = .milliseconds(300)
        settings.attempts = 2
        try await withProxy(settings) { store, proxy in
            proxy.fail { _ in .hang }
            let start = ContinuousClock.now
            await #expect(throws: SegmentStoreError.self) { try await store.get("s/x") }
            #expect(proxy.calls.count == 2)
            #expect(ContinuousClock.now - start < .seconds(30))
        }
    }

    @Test func halfAnAnswerIsNone() async throws {
        try await withProxy { store, proxy in
            try await store.put(ByteBuffer(repeating: 1, count: 50_000), at: "s/x")
            proxy.fail { $0.number == 1 ? .cutBody : nil }
            #expect(try await store.get("s/x") == ByteBuffer(repeating: 1, count: 50_000))
            #expect(proxy.calls.count == 3)
        }
    }

    @Test func nobodyListensIsAnErrorNotAWait() async throws {
        let proxy = try await FaultProxy.start(before: "http://127.0.0.1:1")
        let endpoint = proxy.endpoint
        await proxy.stop()
        try await S3Store.with(endpoint, bucket: "bucket") { store in
            await #expect { try await store.put(ByteBuffer(), at: "s/x") } throws: { error in
                if case SegmentStoreError.failed = error { true } else { false }
            }
        }
    }

    @Test(arguments: [
        (403, "InvalidAccessKeyId", StoreRefusal.unknownKey), (403, "SignatureDoesNotMatch", .wrongSecret),
        (400, "ExpiredToken", .expiredCredentials), (403, "AccessDenied", .denied), (403, "", .denied),
        (404, "NoSuchBucket", .noSuchBucket("missing")), (403, "RequestTimeTooSkewed", .clockSkew(seconds: nil)),
        (301, "PermanentRedirect", .wrongRegion("eu-west-3")), (400, "InvalidRequest", .other("")),
    ])
    func refusalsSayWhatToDo(status: Int, code: String, refusal: StoreRefusal) async throws {
        try await withProxy { store, proxy in
            proxy.fail { _ in
                .answer(
                    status, body: code.isEmpty ? "" : Self.error(code),
                    fields: [("x-amz-bucket-region", "eu-west-3"), ("Date", "nonsense")])
            }
            await #expect { try await store.put(ByteBuffer(), at: "s/x") } throws: { error in
                guard case SegmentStoreError.refused(operation: "write", key: "s/x", let actual) = error else {
                    return false
                }
                switch (actual, refusal) {
                case (.other(let reason), .other): return reason.contains("400 InvalidRequest")
                case (.noSuchBucket(let name), .noSuchBucket): return name.hasPrefix("bucket-")
                default: return actual == refusal && String(describing: error).count > 40
                }
            }
            // Nothing of this gets better by itself.
            #expect(proxy.calls.count == 1)
        }
    }

    @Test func aMissingBucketIsNotAMissingObject() async throws {
        let server = try await S3Server.shared.value
        try await S3Store.with(server.endpoint, bucket: "there-is-none") { store in
            await #expect { try await store.get("s/x") } throws: { error in
                guard case SegmentStoreError.refused(_, _, .noSuchBucket("there-is-none")) = error else { return false }
                return String(describing: error).contains("--segment-store")
            }
        }
    }

    @Test func aWrongClockIsNamedWithItsError() async throws {
        try await withProxy { store, proxy in
            proxy.fail { _ in
                .answer(
                    403, body: Self.error("RequestTimeTooSkewed"), fields: [("Date", "Thu, 26 Nov 2015 18:10:34 GMT")])
            }
            await #expect { try await store.get("s/x") } throws: { error in
                guard case SegmentStoreError.refused(_, _, .clockSkew(let seconds)) = error else { return false }
                return (seconds ?? 0) > 300_000_000
            }
        }
    }

    @Test func noRoomIsToldApart() async throws {
        try await withProxy { store, proxy in
            proxy.fail { _ in .answer(507, body: Self.error("XMinioStorageFull")) }
            await #expect { try await store.put(ByteBuffer(), at: "s/x") } throws: { error in
                if case SegmentStoreError.full = error { true } else { false }
            }
        }
    }

    @Test func requestsAreSignedTypedAndCarryNoSecret() async throws {
        try await withProxy { store, proxy in
            try await store.put(ByteBuffer(string: "x"), at: "s/aac-64/1-0.m4s")
            try await store.put(ByteBuffer(string: "{}"), at: "s/index.json")
            try await store.remove(under: "s")
            let calls = proxy.calls
            try #require(calls.map(\.method) == ["PUT", "PUT", "GET", "POST"])
            #expect(calls[0].fields["content-type"] == ["audio/mp4"])
            #expect(calls[0].fields["cache-control"] == ["public, max-age=31536000, immutable"])
            #expect(calls[1].fields["content-type"] == ["application/json"])
            #expect(calls[1].fields["cache-control"] == ["no-cache"])
            #expect(calls[3].fields["content-md5"].first?.count == 24)
            for call in calls {
                let authorization = try #require(call.fields["authorization"].first)
                #expect(authorization.hasPrefix("AWS4-HMAC-SHA256 Credential=test/"))
                #expect(call.fields["x-amz-content-sha256"] == [SignatureV4.bodyHash(call.body)])
                #expect(call.fields["host"] == ["127.0.0.1:\(proxy.port)"])
                #expect(!"\(call)".contains("a-secret-of-tests"))
            }
        }
    }

    @Test func aStoreThatOnlyRemovesOneByOneIsAskedSo() async throws {
        try await withProxy { store, proxy in
            for number in 0..<3 { try await store.put(ByteBuffer(string: "x"), at: "s/\(number)") }
            proxy.fail { $0.method == "POST" ? .answer(501, body: Self.error("NotImplemented")) : nil }
            try await store.remove(under: "s")
            #expect(try await store.streams() == [])
        }
    }

    @Test func aRemovalThatFailedInPartIsAnError() async throws {
        try await withProxy { store, proxy in
            proxy.fail { call in
                call.method == "POST"
                    ? .answer(
                        200,
                        body: "<DeleteResult><Error><Key>s/1</Key><Code>InternalError</Code></Error></DeleteResult>")
                    : nil
            }
            await #expect { try await store.remove(["s/1"]) } throws: { error in
                guard case SegmentStoreError.failed(_, "s/1", "InternalError") = error else { return false }
                return true
            }
        }
    }

    @Test func pagesAreFollowedToTheEnd() async throws {
        try await withProxy { store, proxy in
            for number in 0..<7 { try await store.put(ByteBuffer(string: "x"), at: "s\(number)/x") }
            // A service that gives two at a time, whatever it was asked for.
            let log = Mutex<[String]>([])
            proxy.fail { call in
                guard call.method == "GET" else { return nil }
                let page = log.withLock {
                    $0.append(call.uri)
                    return $0.count
                }
                let more =
                    page < 4
                    ? "<IsTruncated>true</IsTruncated><NextContinuationToken>t/+\(page)</NextContinuationToken>" : ""
                let names = (2 * (page - 1)..<min(2 * page, 7)).map {
                    "<CommonPrefixes><Prefix>s\($0)/</Prefix></CommonPrefixes>"
                }
                return .answer(200, body: "<ListBucketResult>\(more)\(names.joined())</ListBucketResult>")
            }
            #expect(try await store.streams() == (0..<7).map { "s\($0)" })
            #expect(log.withLock { $0.last?.contains("continuation-token=t%2F%2B3") } == true)
        }
    }

    @Test(arguments: ["", "<html>", "<!DOCTYPE a><ListBucketResult/>", "<Error><Code>x</Code></Error>"])
    func answersThatMakeNoSenseAreErrors(body: String) async throws {
        try await withProxy { store, proxy in
            proxy.fail { _ in .answer(200, body: body) }
            await #expect(throws: SegmentStoreError.self) { try await store.streams() }
            await #expect(throws: SegmentStoreError.self) { try await store.objects(under: "s", after: nil, limit: 5) }
        }
    }

    @Test func onlySoMuchIsUnderWayAndTheRestIsRefused() async throws {
        var settings = S3Store.settings
        settings.maximumRunning = 3
        settings.maximumWaiting = 5
        settings.attempts = 1
        try await withProxy(settings) { store, proxy in
            proxy.fail { _ in .hang }
            let refusals = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        do {
                            try await store.put(ByteBuffer(), at: "s/\(number)")
                            return false
                        } catch SegmentStoreError.busy {
                            return true
                        } catch is CancellationError {
                            return false
                        }
                    }
                }
                var refusals = 0
                for try await isRefused in group {
                    refusals += isRefused ? 1 : 0
                    // 3 run and 5 wait for as long as this test lets them.
                    if refusals == 12 {
                        while proxy.mostRunning < 3 { try await Task.sleep(for: .milliseconds(5)) }
                        group.cancelAll()
                    }
                }
                return refusals
            }
            #expect(refusals == 12)
            #expect(proxy.mostRunning == 3)
            // Listeners do not wait behind them.
            proxy.fail { _ in nil }
            #expect(try await store.get("s/none") == nil)
        }
    }
}
