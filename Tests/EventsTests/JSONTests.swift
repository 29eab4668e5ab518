import TestSupport
import Testing

@testable import Events

struct JSONTests {
    private static let values: [(String, JSONValue)] = [
        (#"null"#, JSONValue.null), (#" true "#, true), ("false", false), ("0", 0), ("-12", -12),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .real(9_223_372_036_854_775_808)), ("1.5e3", .real(1500)), ("-0.25E-1", .real(-0.025)),
        ("1e2", .real(100)), (#""""#, ""), (#""a\"\\\/\b\f\n\r\t\u00e9""#, "a\"\\/\u{8}\u{c}\n\r\té"),
        (#""\ud83c\udfa7 🎧""#, "🎧 🎧"), ("[]", []), ("[ 1 , [ ] ]", [1, []]), ("{}", [:]),
        (#"{ "a" : 1 , "b" : { "c" : null } }"#, ["a": 1, "b": ["c": nil]]),
    ]

    @Test(arguments: values)
    func readsWhatTheGrammarAllows(text: String, value: JSONValue) throws {
        #expect(try JSONValue(decoding: text.utf8) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "tru", "01", "-", "-a", "1.", ".5", "1e", "1e+", "+1", "1e999", "NaN", "'a'", "\"",
        "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"",
        "\"\\ud800\\n\"", "\"a\nb\"", "[", "[1", "[1,", "[1,]", "[,]", "[1 2]", "{", "{\"a\"", "{\"a\":", "{\"a\":1",
        "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "1 1", "{}x",
    ])
    func refusesWhatTheGrammarForbids(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(decoding: text.utf8) }
    }

    @Test func refusesBytesThatAreNoUTF8() {
        #expect(throws: JSONError.invalidString(offset: 0)) {
            try JSONValue(decoding: [0x22, 0xC3, 0x28, 0x22] as [UInt8])
        }
    }

    /// The depth is bounded, so that the stack is.
    @Test func refusesWhatIsNestedTooDeeply() throws {
        let fits = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        #expect(throws: Never.self) { try JSONValue(decoding: fits.utf8) }
        let tooDeep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.nestedTooDeeply) { try JSONValue(decoding: tooDeep.utf8) }
    }

    @Test func writesWhatItReads() throws {
        let value: JSONValue = [
            "text": "\u{0}\u{1f}\"\\/ é 🎧 \u{2028}", "numbers": [0, -1, .integer(.min), .real(0.1), .real(-1e300)],
            "": [nil, true, false, [:], []],
        ]
        #expect(try JSONValue(decoding: value.encoded()) == value)
        #expect(String(decoding: (["a": ["b", 1]] as JSONValue).encoded(), as: UTF8.self) == #"{"a":["b",1]}"#)
    }

    /// Any bytes are a value or an error, never a trap; a value is written so that it reads as itself.
    @Test(arguments: 0..<50)
    func neverTrapsOnAnyBytes(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let alphabet = Array(#"{}[]",:\u0123456789abcdefE+-. tnrl"#.utf8) + [0, 0x80, 0xC3, 0xFF]
        for _ in 0..<500 {
            let count = Int.random(in: 0..<24, using: &generator)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &generator)! }
            if let value = try? JSONValue(decoding: bytes) {
                #expect(try JSONValue(decoding: value.encoded()) == value)
            }
        }
    }
}
