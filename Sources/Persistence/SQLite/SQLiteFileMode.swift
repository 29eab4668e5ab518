#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Databases hold what is nobody else's business, whatever the folder and the umask allow.
enum SQLiteFileMode {
    /// Takes the rights of group and others from the database file and the files beside it. SQLite gives the write-ahead
    /// log and its index the mode of the database.
    ///
    /// A file that cannot be changed belongs to someone else, who decides; whether it can be used is SQLite's to say.
    static func restrict(_ path: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] { chmod(path + suffix, 0o600) }
    }
}
