import DatabaseTesting
import Dispatch
import Foundation
import Glibc
import Testing

/// What outlives the processes of a service: the queue of a broker, as far as these tests need one.
final class Broker: Sendable {
    private let state = Mutexed((waiting: [String](), told: [String]()))

    /// Events that no consumer has acknowledged, oldest first, in base64.
    var waiting: [String] { state.value.waiting }

    func publish(_ event: String) { state.change { $0.waiting.append(event) } }

    func acknowledge(_ event: String) {
        state.change { state in
            if let index = state.waiting.firstIndex(of: event) { state.waiting.remove(at: index) }
        }
    }
}

/// A process of a service that is killed at one of its steps.
struct ChildProcess: Sendable {
    enum Role: String, Sendable { case writer, relay, consumer }

    enum End: Equatable, Sendable {
        /// It did what it had to, in so many steps.
        case finished(steps: Int)
        case killed(at: String)
    }

    let role: Role
    let address: DatabaseAddress
    let broker: Broker
    /// What a writer tells.
    var events: [(channelID: Int, title: String)] = []

    /// Runs until it has finished, or `kill -9` meets it at its step of this number, the first being 0.
    func run(killedAtStep limit: Int? = nil) async throws -> End {
        let result: Result<End, any Error> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: Result { try converse(limit) }) }
        }
        return try result.get()
    }

    private static let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "EventProcess")

    private func converse(_ limit: Int?) throws -> End {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = Self.executable
        process.arguments = [role.rawValue] + address.arguments
        process.standardInput = input
        process.standardOutput = output
        // `waitUntilExit()` misses the exit now and then where several threads wait at a time.
        let end = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in end.signal() }
        func waitForTheEnd() {
            end.wait()
            end.signal()
        }
        try process.run()
        try output.fileHandleForWriting.close()
        try input.fileHandleForReading.close()
        defer { waitForTheEnd() }
        var lines = LineReader(output.fileHandleForReading)
        func answer(_ text: String) throws {
            try input.fileHandleForWriting.write(contentsOf: Data((text + "\n").utf8))
        }
        var steps = 0
        var pending = role == .writer ? events.flatMap { ["\($0.channelID)", $0.title] } : broker.waiting
        let count = role == .writer ? events.count : pending.count
        while let line = try lines.next() {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            switch words[0] {
            case "step":
                guard steps != limit else {
                    kill(process.processIdentifier, SIGKILL)
                    return .killed(at: words[1])
                }
                steps += 1
                try answer("go")
            case "publish":
                broker.publish(words[1])
                try answer("ok")
            case "acknowledge":
                broker.acknowledge(words[1])
                try answer("ok")
            case "count": try answer("\(count)")
            case "what", "title", "event": try answer(pending.removeFirst())
            case "done":
                waitForTheEnd()
                try #require(process.terminationStatus == 0)
                return .finished(steps: steps)
            default: Issue.record("the process says \(line)")
            }
        }
        waitForTheEnd()
        struct Ended: Error { let status: Int32 }
        throw Ended(status: process.terminationStatus)
    }
}

/// The lines of a pipe, each as soon as it is there.
private struct LineReader {
    private let handle: FileHandle
    private var bytes: [UInt8] = []

    init(_ handle: FileHandle) { self.handle = handle }

    mutating func next() throws -> String? {
        while true {
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                defer { bytes.removeFirst(end + 1) }
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
            let data = handle.availableData
            guard !data.isEmpty else { return nil }
            bytes += data
        }
    }
}
