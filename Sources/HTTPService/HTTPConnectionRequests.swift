import Logging
import NIOCore

/// Requests, and answers at once or later.
extension HTTPConnectionHandler {
    /// - Returns: false while the head is incomplete.
    func readRequest(_ context: ChannelHandlerContext) -> Bool {
        let head: HTTPRequestHead
        do {
            guard let next = try parser.next(from: &input) else {
                // The time for a head begins with its first byte; no later byte may prolong it.
                if !headHasBegun {
                    headHasBegun = true
                    deadline = loop.now + loop.configuration.headTimeout
                }
                return false
            }
            head = next
        } catch {
            if error == .malformedRequestLine, let first = input.readableBytesView.first,
                let stranger = loop.configuration.stranger(first)
            {
                leave(context) { try stranger($0, peerAddress, $1) }
                return false
            }
            loop.logger.debug(
                "Request refused", metadata: ["reason": "\(error.explanation)", "client": "\(peerAddress)"])
            refuse(error.status, error.explanation, context)
            return true
        }
        headHasBegun = false
        if let kept = loop.kept.response(for: head) {
            respond(kept.response, to: head, nil, context, file: kept.file)
            return true
        }
        let request = request(head)
        if let gathering = loop.held.gathering(for: head, at: loop.now) {
            gathering.add(self, number: wait(for: request, isHeld: true))
            return true
        }
        if loop.configuration.requiresTidyPaths, head.traits.contains(.unusualPath),
            PercentEncoding.pathSegments(head.rawPath) == nil
        {
            refuse(.badRequest, "The path has a broken escape, a dot segment or an empty segment.", context)
            return true
        }
        act(on: answer(to: request), request, context)
        return true
    }

    func request(_ head: HTTPRequestHead) -> HTTPRequest {
        HTTPRequest(head: head, peerAddress: peerAddress, peerPort: peerPort, proxies: proxies)
    }

    func answer(to request: HTTPRequest) -> HTTPAnswer {
        guard let responderContext else { return .pass }
        for responder in loop.responders {
            let answer = responder.respond(to: request, in: responderContext)
            if case .pass = answer { continue }
            return answer
        }
        return .pass
    }

    func act(on answer: HTTPAnswer, _ request: HTTPRequest, _ context: ChannelHandlerContext) {
        switch answer {
        case .response(let response):
            respond(response, to: request, context)
        case .leased(let response, let lease):
            loop.kept.keep(response, lease, for: request.head)
            respond(response, to: request, context)
        case .pass:
            respond(Self.notFound, to: request, context)
        case .future(let future):
            let number = wait(for: request, isHeld: true)
            let result = future.eventLoop === context.eventLoop ? future : future.hop(to: context.eventLoop)
            result.assumeIsolated().whenComplete { [self] result in
                switch result {
                case .success(let response): resume(number, with: .response(response))
                case .failure(let error): resume(number, with: .response(failure(error)))
                }
            }
        case .shared(let shared):
            gather(around: shared, request, context)
        case .async(let function):
            start(request, context) { .response(await function()) }
        case .decide(let function):
            start(request, context, function)
        case .body(let limit, let function):
            beginBody(limit: limit, request, function, context)
        case .handOver(let function):
            handOver(request, function, context)
        }
    }

    private func gather(around shared: HTTPSharedAnswer, _ request: HTTPRequest, _ context: ChannelHandlerContext) {
        let gathering = loop.held.begin(request.head, shared.observer, at: loop.now)
        gathering.add(self, number: wait(for: request, isHeld: true))
        let result =
            shared.answer.eventLoop === context.eventLoop ? shared.answer : shared.answer.hop(to: context.eventLoop)
        result.assumeIsolated().whenComplete { [self] result in
            loop.held.end(gathering, of: request.head)
            switch result {
            case .success(.leased(let response, let lease)):
                loop.kept.keep(response, lease, for: request.head)
                gathering.finish(.response(response))
            case .success(let answer): gathering.finish(answer)
            case .failure(let error): gathering.finish(.response(failure(error)))
            }
        }
    }

    static let notFound = HTTPResponse.problem(.notFound, detail: "There is nothing at this address.")

    func failure(_ error: any Error) -> HTTPResponse {
        loop.logger.error("A responder failed", metadata: ["error": "\(error)"])
        return .problem(.internalServerError, detail: "The server could not make the answer.")
    }

    func wait(for request: HTTPRequest, isHeld: Bool, task: Task<Void, Never>? = nil) -> Int {
        answerNumber &+= 1
        phase = .answer(Pending(request: request, number: answerNumber, isHeld: isHeld, task: task))
        deadline = loop.now + loop.configuration.answerTimeout
        return answerNumber
    }

    func start(
        _ request: HTTPRequest, _ context: ChannelHandlerContext, _ function: @escaping @Sendable () async -> HTTPAnswer
    ) {
        let promise = context.eventLoop.makePromise(of: HTTPAnswer.self)
        let task = Task { promise.succeed(await function()) }
        let number = wait(for: request, isHeld: false, task: task)
        promise.futureResult.assumeIsolated().whenSuccess { [self] answer in
            resume(number, with: answer)
        }
    }

    /// The request that waits for the answer of this number, unless that comes too late.
    func request(_ number: Int) -> HTTPRequest? {
        guard case .answer(let pending) = phase, pending.number == number else { return nil }
        return pending.request
    }

    /// Goes on when an answer came, unless it comes too late.
    func resume(_ number: Int, with answer: HTTPAnswer) {
        guard case .answer(let pending) = phase, pending.number == number, let context else { return }
        phase = .head
        act(on: answer, pending.request, context)
        // A future may have been fulfilled before it was returned; then the caller goes on.
        guard !isProcessing else { return }
        process(context)
        if !isReading { flushIfNeeded(context) }
    }
}
