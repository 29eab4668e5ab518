/// Keys that every store can have: components of letters, digits, `-`, `_` and `.` between slashes, none empty and none
/// with a dot in front.
enum StoreKey {
    /// - Throws: ``SegmentStoreError/invalidKey(_:)``
    static func check(_ key: String) throws(SegmentStoreError) {
        let components = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isSound = components.allSatisfy { component in
            guard let first = component.first, first != UInt8(ascii: ".") else { return false }
            return component.count <= 255 && component.allSatisfy(\.isNameByte)
        }
        // 1024 bytes are what S3 takes.
        guard isSound, key.utf8.count <= 900 else { throw .invalidKey(key) }
    }
}

extension UInt8 {
    /// Whether the byte may be part of a key's component: letters, digits, `-`, `_` and `.`.
    var isNameByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
