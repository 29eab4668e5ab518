import Persistence

extension Schema {
    /// A table with every kind of column and constraint.
    static let things = Schema(
        "things",
        [
            Migration(
                version: 1, name: "create things",
                statements: [
                    """
                    CREATE TABLE things (
                        id {identity},
                        name TEXT NOT NULL UNIQUE,
                        amount BIGINT CHECK (amount >= 0),
                        share DOUBLE PRECISION,
                        content {bytes},
                        parent_id BIGINT REFERENCES things (id)
                    )
                    """
                ])
        ])

    /// A counter, as a projection that would show an event that was applied twice.
    static let ledger = Schema(
        "ledger",
        [
            Migration(
                version: 1, name: "create ledger",
                statements: ["CREATE TABLE ledger (position {identity}, entry TEXT NOT NULL)"])
        ])
}
