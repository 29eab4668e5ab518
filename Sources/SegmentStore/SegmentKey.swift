import Foundation

/// Names of media, the same in the store, in playlists and in URLs.
public enum SegmentKey {
    public static func segment(epoch: UInt32, mediaSequence: UInt64) -> String { "\(epoch)-\(mediaSequence).m4s" }

    public static func part(epoch: UInt32, mediaSequence: UInt64, part: UInt8) -> String {
        "\(epoch)-\(mediaSequence).\(part).m4s"
    }

    public static func initialization(epoch: UInt32) -> String { "init-\(epoch).mp4" }

    public static func index(stream: String) -> String { "\(stream)/index.json" }

    /// `STREAM/index.damaged-20261129T101112.345.json` for `STREAM/index.json`.
    static func setAside(_ key: String, at date: Date = Date()) -> String {
        let text = date.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))
        let stamp = text.filter { $0 != "-" && $0 != ":" }
        let folder = key.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let name = key.split(separator: "/").last.map(String.init) ?? key
        let parts = name.split(separator: ".", maxSplits: 1)
        let new = "\(parts.first ?? "")\(setAsideMark)\(stamp)" + (parts.count > 1 ? ".\(parts[1])" : "")
        return (folder.map(String.init) + [new]).joined(separator: "/")
    }

    private static let setAsideMark = ".damaged-"

    /// Whether ``SegmentStore/setAside(_:)`` made this key.
    public static func isSetAside(_ key: String) -> Bool { key.contains(setAsideMark) }

    /// Epoch and media sequence number of `EPOCH-SEQ.m4s`; nil for any other name.
    public static func position(ofSegment name: some StringProtocol) -> (epoch: UInt32, mediaSequence: UInt64)? {
        guard name.hasSuffix(".m4s") else { return nil }
        let numbers = name.dropLast(4).split(separator: "-", omittingEmptySubsequences: false)
        guard numbers.count == 2, let epoch = UInt32(numbers[0]), let sequence = UInt64(numbers[1]) else { return nil }
        return (epoch, sequence)
    }

    public static func object(stream: String, rendition: String, name: String) -> String {
        "\(stream)/\(rendition)/\(name)"
    }
}
