/// A size as people write it: `500MB`, `1.5TB`, `20GiB`.
struct ByteCount: Equatable {
    let bytes: Int64

    private static let units: [(name: String, bytes: Double)] = [
        ("KIB", 1024), ("MIB", 1_048_576), ("GIB", 1_073_741_824), ("TIB", 1_099_511_627_776),
        ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("K", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12),
        ("B", 1),
    ]

    /// nil for what is no size above zero, or one of more than an exabyte.
    init?(_ text: String) {
        let text = text.uppercased()
        let unit = Self.units.first { text.hasSuffix($0.name) }
        let number = text.dropLast(unit?.name.count ?? 0)
        guard number.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let value = Double(number) else {
            return nil
        }
        let bytes = value * (unit?.bytes ?? 1)
        guard bytes >= 1, bytes <= 1e18 else { return nil }
        self.bytes = Int64(bytes)
    }
}
