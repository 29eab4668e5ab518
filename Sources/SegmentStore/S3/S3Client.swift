import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Telemetry

/// Signs requests, sends them, and tries again where that may help.
struct S3Client: Sendable {
    let location: S3Location
    let signature: SignatureV4
    let http: HTTPClient
    let settings: S3Settings
    /// Seconds since 1970.
    let now: @Sendable () -> Int64

    private struct TimedOut: Error {}

    /// What a request came to.
    enum Outcome: Sendable {
        case answer(S3Response)
        /// Nothing came back, or it was cut off.
        case noAnswer(reason: String)
    }

    /// - Returns: the first outcome that trying again would not change, or the last.
    func send(_ request: S3Request) async throws -> Outcome {
        let retry = S3Retry(
            attempts: settings.attempts, firstPause: settings.firstPause, longestPause: settings.longestPause)
        var attempt = 1
        while true {
            let outcome = try await once(request)
            if case .answer(let answer) = outcome,
                !S3Retry.isTransient(status: answer.status, code: answer.errorCode)
            {
                return outcome
            }
            guard let pause = retry.pause(after: attempt, random: .random(in: 0...1)) else { return outcome }
            try await Task.sleep(for: pause)
            attempt += 1
        }
    }

    private func once(_ request: S3Request) async throws -> Outcome {
        let signed = signed(request)
        do {
            return try await withThrowingTaskGroup(of: Outcome.self) { group in
                group.addTask { .answer(try await exchange(signed, limit: request.responseLimit)) }
                group.addTask {
                    try await Task.sleep(for: settings.requestDeadline)
                    throw TimedOut()
                }
                defer { group.cancelAll() }
                return try await group.next() ?? .noAnswer(reason: "no answer")
            }
        } catch is TimedOut {
            return .noAnswer(reason: "no answer within \(settings.requestDeadline)")
        } catch {
            try Task.checkCancellation()
            return .noAnswer(reason: Self.reason(error))
        }
    }

    private func exchange(_ request: HTTPClientRequest, limit: Int) async throws -> S3Response {
        // The deadline here only keeps what waits for a connection from outliving the one above.
        let response = try await http.execute(request, timeout: .nanoseconds(settings.requestDeadline.wholeNanoseconds))
        let body = try await response.body.collect(upTo: limit)
        return S3Response(
            status: Int(response.status.code), region: response.headers.first(name: "x-amz-bucket-region"),
            date: response.headers.first(name: "date").flatMap(ServiceDate.field), body: body)
    }

    private func signed(_ request: S3Request) -> HTTPClientRequest {
        let time = SigningTime(secondsSince1970: now())
        let hash = SignatureV4.bodyHash(request.body)
        var fields = request.fields
        fields.append(("host", location.authority))
        fields.append(("x-amz-content-sha256", hash))
        fields.append(("x-amz-date", time.text))
        if let token = signature.credentials.sessionToken { fields.append(("x-amz-security-token", token.secret)) }
        let path = location.path(request.key)
        let authorization = signature.authorization(
            SignatureV4.Request(
                method: request.method.rawValue, path: path, query: request.query, fields: fields, bodyHash: hash),
            at: time)
        let query = request.query.isEmpty ? "" : "?" + SignatureV4.encodedQuery(request.query)
        var signed = HTTPClientRequest(
            url: "\(location.scheme)://\(location.authority)\(SignatureV4.encodedPath(path))\(query)")
        signed.method = HTTPMethod(rawValue: request.method.rawValue)
        for field in fields { signed.headers.add(name: field.name, value: field.value) }
        signed.headers.add(name: "authorization", value: authorization)
        if request.method == .put || request.method == .post { signed.body = .bytes(request.body) }
        return signed
    }

    /// Errors of the client name hosts and states, never fields of the request.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: reason(error)
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { reason($0.error) } ?? "the host \(error.host) is not known"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case is NIOTooManyBytesError: "the answer is too long"
        default: String(describing: error)
        }
    }

    private static func reason(_ error: HTTPClientError) -> String {
        switch error {
        case .connectTimeout: "no connection in time"
        case .remoteConnectionClosed: "the connection was closed"
        case .deadlineExceeded: "no answer in time"
        default: error.shortDescription
        }
    }
}

extension Duration {
    /// At most about 292 years.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue
    }
}
