import Foundation

/// What a server that runs tells the commands of administration: a file of its data folder, and of the user's place.
///
/// It holds the database's password: nobody else may read it.
struct RunningServer: Codable, Equatable {
    /// Of the supervisor where there is one, so that a server that is just started again counts as running.
    var process: Int32
    /// When the process began: its number alone may be another's by now.
    var started: UInt64
    /// The folder, absolute and without links.
    var data: String
    /// nil: SQLite files in the folder.
    var databaseURL: String?
    var adminHost: String
    var adminPort: Int
    var bind: String
    var publicURL: String?
    var httpPort: Int?
    var rtmpPort: Int?
    var rtmpsPort: Int?
    var icecastPort: Int?

    init(_ configuration: Configuration, ports: Listeners.Ports, process: pid_t) {
        self.process = process
        started = Self.start(of: process) ?? 0
        data = Self.canonical(configuration.data)
        databaseURL = configuration.databaseURL
        adminHost = configuration.adminBind
        adminPort = ports.admin ?? configuration.adminPort
        bind = configuration.bind
        publicURL = configuration.publicURL
        httpPort = ports.http
        rtmpPort = ports.rtmp
        rtmpsPort = ports.rtmps
        icecastPort = ports.icecast
    }

    /// nil for a file that is not there, is no such file, or was left by a process that is gone.
    init?(file: String) {
        guard let bytes = FileManager.default.contents(atPath: file),
            let server = try? JSONDecoder().decode(Self.self, from: bytes),
            Self.start(of: server.process) == server.started
        else { return nil }
        self = server
    }

    /// Writes the file whole or not at all, for its owner only.
    func write(to file: String) throws {
        let temporary = "\(file).\(process).tmp"
        let bytes = try JSONEncoder().encode(self)
        unlink(temporary)
        // Closed to others from the first moment on: the folder may be open to them.
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Unwritable(file: file) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: bytes)
        try handle.close()
        guard rename(temporary, file) == 0 else { throw Unwritable(file: file) }
    }

    struct Unwritable: Error { let file: String }

    /// Whether it works on what a command names.
    func uses(databaseURL url: String?) -> Bool {
        databaseURL.map(DatabaseAddress.init) == url.map(DatabaseAddress.init)
    }

    var database: String {
        databaseURL.map { DatabaseAddress($0).description } ?? "\(data)/\(Role.accounts.rawValue).sqlite"
    }

    /// In ticks since the machine was started; nil where there is no such process.
    private static func start(of process: pid_t) -> UInt64? {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
        // The name comes second, in parentheses, and may hold anything.
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 19 ? UInt64(fields[19]) : nil
    }

    /// The folder as it is compared: absolute, and without links where it exists.
    static func canonical(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return URL(fileURLWithPath: path).standardizedFileURL.path }
        defer { free(found) }
        return String(cString: found)
    }
}
