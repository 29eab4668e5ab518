import Persistence

/// Each role's own database: a file in the data folder, or a schema of one PostgreSQL database.
struct Databases {
    private var opened: [(role: Role, database: any Database)] = []

    /// - Parameter folder: for files.
    init(
        for roles: Set<Role>, _ configuration: Configuration, folder: DataFolder?, writes: DependencyWrites
    ) throws {
        for role in Role.allCases where roles.contains(role) {
            guard let name = role.database else { continue }
            let database = try Self.open(name, configuration, folder: folder?.path)
            opened.append((role, writes.watched(database, of: role)))
        }
    }

    /// - Parameter folder: for files; exists.
    static func open(_ name: String, _ configuration: Configuration, folder: String?) throws -> any Database {
        if let url = configuration.databaseURL {
            do {
                return try PostgreSQLDatabase(url: url, schema: name)
            } catch let error as SQLError {
                throw Failure(code: Failure.usage, description: "--database-url: \(error.message)")
            }
        }
        let path = place(name, configuration, folder: folder)
        do {
            return try SQLiteDatabase(path: path)
        } catch let error as SQLError where error.code != .damaged {
            throw Failure(
                code: Failure.unavailable, description: "--data: \(path) cannot be used (\(error.message))")
        } catch {
            if let failure = Failure(database: error) { throw failure }
            throw error
        }
    }

    /// The file or the schema of a role, for people.
    static func place(_ name: String, _ configuration: Configuration, folder: String? = nil) -> String {
        configuration.databaseURL == nil
            ? "\(folder ?? configuration.data)/\(name).sqlite" : "--database-url, schema \(name)"
    }

    subscript(role: Role) -> any Database {
        get throws {
            guard let found = opened.first(where: { $0.role == role }) else {
                throw Failure(code: Failure.software, description: "role \(role.rawValue) has no database")
            }
            return found.database
        }
    }

    /// The in-process bus forgot what it had taken when the last process ended.
    func resendNewest() async throws {
        for (role, database) in opened where role == .accounts || role == .ingest {
            _ = try await database.transaction { try Outbox.resendNewest(in: $0) }
        }
    }

    var named: [(role: Role, database: any Database)] { opened }

    func close() async throws {
        for (_, database) in opened { try await database.close() }
    }
}
