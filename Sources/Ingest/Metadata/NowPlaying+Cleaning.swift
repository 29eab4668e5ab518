import AudioTimeline

extension NowPlaying {
    /// One line each, without control characters and marks that change the direction of text, at most 200 characters.
    var cleaned: NowPlaying { NowPlaying(title: Self.clean(title), artist: Self.clean(artist)) }

    private static func clean(_ text: String) -> String {
        let scalars = text.unicodeScalars.lazy.filter { scalar in
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E...0x200F, 0x202A...0x202E, 0x2028...0x2029, 0x2066...0x2069:
                false
            default: true
            }
        }
        // A character may have any number of marks: both are bounded.
        return String(String(String.UnicodeScalarView(scalars.prefix(1_000))).prefix(200))
    }
}
