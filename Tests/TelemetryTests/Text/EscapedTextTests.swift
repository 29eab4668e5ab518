import Foundation
import Testing

@testable import Telemetry

@Suite struct EscapedTextTests {
    /// Whatever the text, what is written is one line of JSON that reads back as the text.
    @Test func jsonReadsBackForEveryScalarOfTheBasicPlane() throws {
        var text = ""
        for value in UInt32(0)...0xFFFF {
            if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
        }
        text += "😀"
        var json = ""
        EscapedText.appendJSON(text, to: &json)
        let decoded = try JSONDecoder().decode([String].self, from: Data("[\(json)]".utf8))
        #expect(decoded.first.map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
    }

    @Test(arguments: ["\u{1B}[2J", "\u{0}", "\u{7F}", "\u{9B}31m", "\u{202E}", "\u{2028}", "\r\n", "\u{2066}"])
    func controlCharactersNeverComeThrough(text: String) {
        var json = ""
        var plain = ""
        EscapedText.appendJSON(text, to: &json)
        EscapedText.appendPlain(text, to: &plain)
        for output in [json, plain] {
            #expect(!output.unicodeScalars.contains { text.unicodeScalars.first == $0 })
            #expect(!output.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
        }
    }

    @Test func plainTextNamesWhatItEscapes() {
        var output = ""
        EscapedText.appendPlain("a\u{1B}[1mb\nc\td", to: &output)
        #expect(output == #"a\u{1B}[1mb\nc\td"#)
    }

    @Test func longTextIsCut() {
        var json = ""
        var plain = ""
        EscapedText.appendJSON(String(repeating: "x", count: 100), to: &json, limit: 10)
        EscapedText.appendPlain(String(repeating: "x", count: 100), to: &plain, limit: 10)
        #expect(json == "\"xxxxxxxxxx…\"")
        #expect(plain == "xxxxxxxxxx…")
    }
}
