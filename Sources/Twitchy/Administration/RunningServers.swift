import Foundation

/// Where servers leave word that they run: in their data folders, and in a place of the user's on this machine, where a
/// command finds them that was told nothing.
struct RunningServers {
    /// Folders of the user's, the one to write to first.
    private let places: [String]

    init(environment: [String: String] = ProcessInfo.processInfo.environment, user: uid_t = geteuid()) {
        let shared = "/tmp/twitchy-\(user)"
        let own = "/run/user/\(user)"
        switch environment["XDG_RUNTIME_DIR"] {
        case let folder? where folder.hasPrefix("/") && folder != own: places = ["\(folder)/twitchy"]
        // A server that cron started may have had no folder of the user's.
        default: places = Self.isFolder(own) ? ["\(own)/twitchy", shared] : [shared]
        }
    }

    /// All that run, as far as this user may know.
    var all: [RunningServer] {
        places.filter(Self.isPrivate).flatMap(Self.files).compactMap(RunningServer.init(file:))
    }

    /// The one that has the folder.
    func server(ofFolder path: String) -> RunningServer? { RunningServer(file: Self.file(inFolder: path)) }

    /// Makes the server known, as far as folders can be written to.
    /// - Returns: whether commands that are told nothing will find it.
    func announce(_ server: RunningServer) -> Bool {
        // With another store and another database there may be no folder, and need not be.
        if Self.isFolder(server.data) { try? server.write(to: Self.file(inFolder: server.data)) }
        guard let place = places.first else { return false }
        mkdir(place, 0o700)
        guard Self.isPrivate(place) else { return false }
        for file in Self.files(place) where RunningServer(file: file) == nil { unlink(file) }
        return (try? server.write(to: "\(place)/\(server.process).json")) != nil
    }

    func withdraw(_ server: RunningServer) {
        let files = [Self.file(inFolder: server.data)] + places.map { "\($0)/\(server.process).json" }
        for file in files where RunningServer(file: file)?.process == server.process { unlink(file) }
    }

    private static func file(inFolder path: String) -> String { "\(path)/server.json" }

    private static func files(_ place: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().map { "\(place)/\($0)" }
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Somebody else may have made a folder of that name, to have passwords written there or commands go astray.
    private static func isPrivate(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
            && status.st_mode & 0o077 == 0
    }
}
