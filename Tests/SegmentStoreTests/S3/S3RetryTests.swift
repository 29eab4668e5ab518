import Testing

@testable import SegmentStore

struct S3RetryTests {
    @Test func pausesDoubleAndAreDrawnFromTheUpperHalf() {
        let retry = S3Retry(attempts: 6, firstPause: .milliseconds(100), longestPause: .milliseconds(500))
        #expect(
            (1...6).map { retry.pause(after: $0, random: 1) } == [
                .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(500), .milliseconds(500), nil,
            ])
        #expect(retry.pause(after: 2, random: 0) == .milliseconds(100))
        #expect(S3Retry(attempts: .max).pause(after: .max - 1, random: 1) == .seconds(5))
    }

    @Test(
        arguments: [
            (500, nil, true), (502, nil, true), (503, "SlowDown", true), (429, nil, true), (408, nil, true),
            (400, "RequestTimeout", true), (501, "NotImplemented", false), (507, nil, false), (404, "NoSuchKey", false),
            (403, "AccessDenied", false), (200, nil, false),
        ] as [(Int, String?, Bool)])
    func whatPassesIsTriedAgain(status: Int, code: String?, isTransient: Bool) {
        #expect(S3Retry.isTransient(status: status, code: code) == isTransient)
    }
}
