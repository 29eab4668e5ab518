import AudioTimeline
import HTTPService
import Testing

@testable import Ingest

struct UpdateTextTests {
    private static let song = NowPlaying(title: "Группа крови", artist: "Кино")

    private static let charsets: [(String, [UInt8], String)] = [
        ("KOI8-R", [0xEB, 0xC9, 0xCE, 0xCF], "Кино"), ("koi8-u", [0xEB, 0xC9, 0xCE, 0xCF], "Кино"),
        ("ISO-8859-5", [0xBA, 0xD8, 0xDD, 0xDE], "Кино"), ("iso-8859-2", [0xAF, 0xF3, 0xB3, 0xE6], "Żółć"),
        ("ISO-8859-1", [0x4D, 0xF6, 0x74], "Möt"), ("latin1", [0x4D, 0xF6, 0x74], "Möt"),
        ("ISO-8859-15", [0xA4], "€"), ("ISO8859-7", [0xD9, 0xEC, 0xDD, 0xE3, 0xE1], "Ωμέγα"),
        ("windows-1252", [0x93, 0x94], "\u{201C}\u{201D}"), ("windows-1255", [0xF9, 0xEC, 0xE5, 0xED], "שלום"),
        ("Shift_JIS", [0x93, 0xFA, 0x96, 0x7B], "日本"), ("EUC-JP", [0xC6, 0xFC, 0xCB, 0xDC], "日本"),
        ("GB18030", [0xD6, 0xD0, 0xCE, 0xC4], "中文"), ("Big5", [0xA4, 0xA4, 0xA4, 0xE5], "中文"),
        ("EUC-KR", [0xC7, 0xD1, 0xB1, 0xB9], "한국"), ("UTF-8", [0xD0, 0x9A], "К"), ("utf8", [0xD0, 0x9A], "К"),
        ("UTF-16LE", [0x1A, 0x04], "К"),
    ]

    private func update(_ query: String) -> UpdateText { UpdateText(HTTPQuery(query)) }

    private func escaped(_ bytes: [UInt8]) -> String {
        bytes.map { "%" + (String($0, radix: 16).count == 1 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Old playout systems send the charset of their country, and say which.
    @Test(arguments: ["windows-1251", "WINDOWS-1251", "cp1251", "windows1251"])
    func namedCharsetsAreRead(name: String) {
        let text = update(
            "mode=updinfo&charset=\(name)&song=%CA%E8%ED%EE%20-%20%C3%F0%F3%EF%EF%E0%20%EA%F0%EE%E2%E8")
        #expect(text.nowPlaying == Self.song && text.note == nil)
    }

    @Test(arguments: charsets)
    func manyCharsetsAreKnown(name: String, bytes: [UInt8], expected: String) {
        let text = update("charset=\(name)&title=\(escaped(bytes))")
        #expect(text.nowPlaying?.title == expected)
        #expect(text.note == nil)
    }

    /// A charset that is not known, or that the text is not of, is read as if none were named, and the answer says so.
    @Test(arguments: [
        "nonsense", "ISO-2022-CN-EXT", "UTF-7", "../../etc/passwd", "UTF-8//TRANSLIT", "cp99999", "%00", "windows-",
    ])
    func unknownCharsetsAreReadAsUndeclared(name: String) {
        let text = update("charset=\(name)&song=M%F6t%20-%20%96")
        #expect(text.nowPlaying == NowPlaying(title: "–", artist: "Möt"))
        #expect(text.note?.contains("not known") == true || name == "%00")
    }

    @Test func textThatIsNotOfItsCharsetIsReadAsUndeclared() {
        let text = update("charset=UTF-8&song=M%F6t")
        #expect(text.nowPlaying == NowPlaying(title: "Möt"))
        #expect(text.note?.contains("not of its charset") == true)
    }

    /// UTF-8 where it is that, otherwise windows-1252, of which Latin-1 is a part.
    @Test func undeclaredTextIsUTF8OrWindows1252() {
        #expect(update("song=%D0%9A%D0%B8%D0%BD%D0%BE").nowPlaying?.title == "Кино")
        #expect(update("song=M%F6tley%20%96%20%93Cr%FCe%94%80").nowPlaying?.title == "Mötley – “Crüe”€")
        #expect(update("song=100%&charset=").nowPlaying?.title == "100%")
    }

    @Test func titleAndArtistComeInSeveralWays() {
        #expect(update("song=A+-+B+-+C").nowPlaying == NowPlaying(title: "B - C", artist: "A"))
        #expect(update("title=T&artist=A&song=x").nowPlaying == NowPlaying(title: "T", artist: "A"))
        #expect(update("artist=Bob").nowPlaying == NowPlaying(title: "", artist: "Bob"))
        #expect(update("title=T").nowPlaying == NowPlaying(title: "T"))
        #expect(update("song=").nowPlaying == .nothing)
        #expect(update("url=http://a.example").nowPlaying == nil)
        #expect(update("artist=%00&title=%0A").nowPlaying == .nothing)
    }
}
