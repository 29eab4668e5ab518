import Foundation
import Synchronization

/// Lines to and from the process that started this one. Each wait holds up its thread, which is the point: nothing
/// goes on behind a step that was not permitted.
final class Conversation: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let turn = Mutex(())

    /// Says where it stands, and waits until it may go on.
    func step(_ name: String) throws {
        guard try ask("step \(name)") == "go" else { throw Failure(description: "no permission for \(name)") }
    }

    /// Says something and returns the answer.
    func ask(_ line: String) throws -> String {
        try turn.withLock { _ in
            try write(line)
            guard let answer = readLine() else { throw Failure(description: "the pipe ended") }
            return answer
        }
    }

    func tell(_ line: String) throws {
        try turn.withLock { _ in try write(line) }
    }

    private func write(_ line: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
    }
}
