import AudioTimeline
import Testing

struct UndeclaredTextTests {
    @Test func utf8IsKeptAndOtherBytesAreWindows1252() {
        #expect(String(undeclared: Array("Мöt\u{301}日".utf8)) == "Мöt\u{301}日")
        #expect(String(undeclared: [0x4D, 0xF6, 0x74]) == "Möt")
        #expect(String(undeclared: [0x80, 0x85, 0x9F, 0xA0, 0xFF]) == "€…Ÿ\u{A0}ÿ")
        #expect(String(undeclared: [0x81, 0x8D]) == "\u{81}\u{8D}")
        #expect(String(undeclared: [UInt8]()) == "")
    }

    /// A cut through a character of UTF-8 does not turn the whole text into something else.
    @Test func cutTextStaysWhatItIs() {
        for length in 0...12 {
            let cut = String(undeclared: Array("aé日😀b".utf8), maximumBytes: length)
            #expect("aé日😀b".hasPrefix(cut), "\(length): \(cut)")
            #expect(cut.utf8.count > length - 4)
        }
        #expect(String(undeclared: [0x4D, 0xF6, 0x74, 0x74], maximumBytes: 3) == "Möt")
        #expect(String(undeclared: [0xF6, 0xF6, 0xF6, 0xF6, 0xF6, 0xF6, 0xF6], maximumBytes: 6) == "öööööö")
    }
}
