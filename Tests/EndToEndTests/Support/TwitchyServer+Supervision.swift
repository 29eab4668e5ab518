import Foundation

extension TwitchyServer {
    /// The process that serves, below the one that was started.
    func worker(after earlier: pid_t? = nil, within seconds: Double = 20) async throws -> pid_t {
        try await eventually("there is a server below the supervisor", within: seconds, every: 0.01) {
            let children = "/proc/\(process.identifier)/task/\(process.identifier)/children"
            let text = try String(contentsOfFile: children, encoding: .utf8)
            return text.split(separator: " ").compactMap { pid_t($0) }.first { $0 != earlier }
        }
    }

    /// Kills the server, and waits until there is another below the supervisor.
    @discardableResult
    func killWorker(_ signal: Int32) async throws -> pid_t {
        let worker = try await worker()
        kill(worker, signal)
        return try await self.worker(after: worker)
    }
}

/// Whether a process is there and not only waiting to be told of.
func isAlive(_ identifier: pid_t) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8),
        let state = stat.split(separator: ")").last?.split(separator: " ").first
    else { return false }
    return state != "Z" && state != "X"
}
