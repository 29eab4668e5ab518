/// Names of media, the same in the store, in playlists and in URLs.
public enum SegmentKey {
    public static func segment(epoch: UInt32, mediaSequence: UInt64) -> String { "\(epoch)-\(mediaSequence).m4s" }

    public static func part(epoch: UInt32, mediaSequence: UInt64, part: UInt8) -> String {
        "\(epoch)-\(mediaSequence).\(part).m4s"
    }

    public static func initialization(epoch: UInt32) -> String { "init-\(epoch).mp4" }

    public static func index(stream: String) -> String { "\(stream)/index.json" }

    public static func object(stream: String, rendition: String, name: String) -> String {
        "\(stream)/\(rendition)/\(name)"
    }
}
