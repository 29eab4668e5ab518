import Foundation

/// Why a file or a folder cannot be used, in the system's own words rather than in a library's code.
enum FileProblem {
    /// nil if the file can be read.
    static func reading(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return last }
        defer { close(descriptor) }
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR ? "is a folder" : nil
    }

    /// Makes the folder and those above it, for the owner only, as far as they are not there.
    /// - Returns: why that cannot be done, nil if it is there.
    static func makingFolder(_ path: String) -> String? {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            let above = made
            made += (made.isEmpty || made == "/" ? "" : "/") + part
            if mkdir(made, 0o700) == 0 || errno == EEXIST { continue }
            return errno == ENOTDIR ? "\(above) is not a folder" : last
        }
        var status = stat()
        guard stat(path, &status) == 0 else { return last }
        return status.st_mode & S_IFMT == S_IFDIR ? nil : "is not a folder"
    }

    /// What the system call before this said: "Permission denied", "No such file or directory" …
    static var last: String { String(cString: strerror(errno)) }
}
