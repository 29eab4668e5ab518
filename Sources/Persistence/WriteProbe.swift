/// A write that has no purpose but to find out whether the database takes one.
public enum WriteProbe {
    public static let schema = Schema(
        "write_probe",
        [
            Migration(
                version: 1, name: "one row",
                statements: [
                    "CREATE TABLE write_probe (id BIGINT NOT NULL PRIMARY KEY, written_at BIGINT NOT NULL)"
                ])
        ])

    /// - Parameter milliseconds: since 1970; different each time, since the same value again would not be written.
    public static func write(_ milliseconds: Int64, in connection: any SQLConnection) throws {
        try connection.execute(
            """
            INSERT INTO write_probe (id, written_at) VALUES (1, ?)
            ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at
            """, [.integer(milliseconds)])
    }
}
