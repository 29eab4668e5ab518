extension Database {
    /// Brings the schemas up to date, all or nothing, in one transaction that waits for another process's migration.
    /// - Returns: how many steps were applied.
    @discardableResult
    public func migrate(_ schemas: [Schema]) async throws -> Int {
        let dialect = dialect
        return try await transaction { connection in
            try connection.lock("schema_migrations")
            try connection.execute(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    schema_name TEXT NOT NULL,
                    version BIGINT NOT NULL,
                    name TEXT NOT NULL,
                    checksum TEXT NOT NULL,
                    PRIMARY KEY (schema_name, version)
                )
                """)
            var applied = 0
            for schema in schemas {
                applied += try schema.apply(to: connection, dialect)
            }
            return applied
        }
    }
}

extension Schema {
    fileprivate func apply(to connection: any SQLConnection, _ dialect: SQLDialect) throws -> Int {
        let known = try connection.query(
            "SELECT version, checksum FROM schema_migrations WHERE schema_name = ? ORDER BY version", [.text(name)])
        guard known.count <= migrations.count else {
            throw MigrationError.newerThanProgram(
                schema: name, databaseVersion: known.count, programVersion: migrations.count)
        }
        for (row, migration) in zip(known, migrations) {
            let version: Int = try row["version"]
            let checksum: String = try row["checksum"]
            guard version == migration.version, checksum == migration.checksum else {
                throw MigrationError.edited(schema: name, version: migration.version, name: migration.name)
            }
        }
        let pending = migrations.dropFirst(known.count)
        for migration in pending {
            for statement in migration.statements {
                try connection.execute(dialect.expand(statement))
            }
            try connection.execute(
                "INSERT INTO schema_migrations (schema_name, version, name, checksum) VALUES (?, ?, ?, ?)",
                [
                    .text(name), .integer(Int64(migration.version)), .text(migration.name),
                    .text(migration.checksum),
                ])
        }
        return pending.count
    }
}
