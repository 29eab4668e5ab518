#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Databases hold what is nobody else's business, whatever the folder and the umask allow.
enum SQLiteFileMode {
    /// Makes the database file with mode 0600 unless it is there, and takes the rights of group and others from it and
    /// the files beside it. SQLite gives the write-ahead log and its index the mode of the database.
    ///
    /// A file that cannot be changed belongs to someone else, who decides; whether it can be used is SQLite's to say.
    static func restrict(_ path: String) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
        for suffix in ["", "-wal", "-shm", "-journal"] { chmod(path + suffix, 0o600) }
    }
}
