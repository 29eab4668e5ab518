/// Why a database was left as it is.
public enum MigrationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A step that was applied has another text now. Restore its text and put the change into a new step.
    case edited(schema: String, version: Int, name: String)
    /// A newer program wrote this database. Start that program, or restore a backup.
    case newerThanProgram(schema: String, databaseVersion: Int, programVersion: Int)

    public var description: String {
        switch self {
        case .edited(let schema, let version, let name):
            "Migration \(version) (\(name)) of \(schema) was edited after it had been applied."
        case .newerThanProgram(let schema, let databaseVersion, let programVersion):
            "The database has version \(databaseVersion) of \(schema), this program only knows \(programVersion)."
        }
    }
}
