import CProcess
import Foundation

/// What a supervisor leaves to each server that it starts: descriptors that stay open from one server to the next.
struct Inheritance: Sendable, Equatable {
    enum Item: String, CaseIterable {
        /// The lock of the data folder.
        case lock
        /// Listening sockets.
        case http, rtmp, rtmps, icecast, admin
    }

    /// Process id of the supervisor.
    var supervisor: pid_t
    /// How many servers died before this one.
    var restarts = 0
    var descriptors: [Item: CInt] = [:]

    /// The environment variable in which it travels.
    static let variable = "TWITCHY_INHERITANCE"

    /// What this process inherited, nil for one that nobody supervises.
    static let own = ProcessInfo.processInfo.environment[variable].flatMap { Inheritance(parsing: $0) }

    init(supervisor: pid_t) { self.supervisor = supervisor }

    /// Reads `supervisor=17 restarts=0 lock=3 http=4`.
    init?(parsing text: String) {
        var values: [String: Int32] = [:]
        for word in text.split(separator: " ") {
            let parts = word.split(separator: "=")
            guard parts.count == 2, let number = Int32(parts[1]), number >= 0 else { return nil }
            values[String(parts[0])] = number
        }
        guard let supervisor = values["supervisor"], let restarts = values["restarts"] else { return nil }
        self.supervisor = supervisor
        self.restarts = Int(restarts)
        for item in Item.allCases { descriptors[item] = values[item.rawValue] }
    }

    var text: String {
        let items = descriptors.sorted { $0.value < $1.value }.map { "\($0.key.rawValue)=\($0.value)" }
        return (["supervisor=\(supervisor)", "restarts=\(restarts)"] + items).joined(separator: " ")
    }

    /// Makes this process end with its supervisor, so that it never holds ports and data that nobody looks after.
    /// To be called on the main thread: the kernel forgets it with the thread that asked for it.
    func accept() {
        _ = twitchy_set_parent_death_signal(SIGKILL)
        // It was started as /proc/self/exe, which would be its name otherwise.
        _ = twitchy_set_process_name("twitchy")
        // The supervisor may have gone before the kernel was asked.
        if getppid() != supervisor { kill(getpid(), SIGKILL) }
        // Only this process: not the program that writes the backtrace of a crash.
        for descriptor in descriptors.values { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }
}
