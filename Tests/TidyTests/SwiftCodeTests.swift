import Testing

@Suite struct SwiftCodeTests {
    @Test(arguments: [
        ("a // b", "a     "),
        ("a /* b /* c */ d */ e", "a                   e"),
        (#"x("b") y"#, #"x(" ") y"#),
        (#"x("b\"c") y"#, #"x("    ") y"#),
        (##"x(#"b"c\"#) y"##, ##"x(#"    "#) y"##),
        (#"x("b\(c + d("e"))f") y"#, #"x("   c + d(" ")) ") y"#),
        ("\"\"\"\nb \"c\" // d\n\"\"\" e // f", "\"\"\"\n          \n\"\"\" e     "),
        ("\"http://b\" c", "\"        \" c"),
        ("a / b\nc", "a / b\nc"),
        ("\"open\nnext", "\"    \nnext"),
        ("/* open", "       "),
    ])
    func commentsAndStringsAreBlanked(source: String, expected: String) {
        #expect(SwiftCode.masked(source) == expected)
    }

    @Test func linesStayWhereTheyAre() {
        let source = "/* é\n\n*/ let a = \"\"\"\n  x\n  \"\"\"\n"
        #expect(SwiftCode.masked(source).split(separator: "\n", omittingEmptySubsequences: false).count == 6)
    }
}
