import Testing

@testable import RTMP

@Suite struct StreamKeyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var app: String
        var tcURL = ""
        var name: String
        var application = "live"
        var key = "KEY"
        var query: [String] = []
        var testDescription: String { "\(app) \(tcURL) \(name)" }
    }

    @Test(arguments: [
        Case(app: "live", name: "KEY"),
        Case(app: "live", name: " KEY\r\n"),
        Case(app: "live/KEY", name: ""),
        Case(app: "live/instance", name: "KEY"),
        Case(app: "live", name: "instance/KEY"),
        Case(app: "/live/", name: "/KEY/"),
        Case(app: "live", tcURL: "rtmp://host:1935/live/KEY", name: ""),
        Case(app: "", tcURL: "rtmp://host/live", name: "KEY"),
        Case(app: "live", name: "mp4:KEY"),
        Case(app: "live", name: "KEY?user=u&pass=p", query: ["user=u", "pass=p"]),
        Case(app: "live?a=1", tcURL: "rtmp://host/live?b=2", name: "KEY?c=3", query: ["c=3", "a=1", "b=2"]),
        Case(app: "live?a=1", tcURL: "rtmp://host/live?a=1", name: "KEY", query: ["a=1"]),
        Case(app: "live", name: "KEY?a=%41%2fb%zz&b", query: ["a=A/b%zz", "b="]),
        Case(app: "live", name: "?token=t", key: "", query: ["token=t"]),
        Case(app: "live", name: "", key: ""),
        Case(app: "", name: "", application: "", key: ""),
        Case(app: "live", name: "../KEY"),
        Case(app: "live", name: "..", key: ".."),
        Case(app: "live", name: "KEY%00", key: "KEY%00"),
        Case(app: "live", name: "live%2FKEY"),
        Case(app: "live%2FKEY", name: ""),
        Case(app: "live%2fx", name: "%4B%45Y"),
        Case(app: "live", name: "KEY%", key: "KEY%"),
        Case(app: "live", name: "KEY%+1%0A%7f", key: "KEY%+1%0A%7f"),
        Case(app: "live?", name: "KEY"),
        Case(app: "live?", tcURL: "rtmp://host/live?", name: "KEY?"),
        Case(app: "live?/KEY", name: ""),
        Case(app: "live", tcURL: "rtmp://host/live?/KEY?a=1", name: "", query: ["a=1"]),
        Case(app: "//live//", tcURL: "rtmp://host//live//", name: "//KEY//"),
        Case(app: "live", name: "a\r\nb", key: "a\r\nb"),
        Case(app: "live", name: "K\u{E9}Y", key: "K\u{E9}Y"),
    ])
    func theKeyIsFoundWhereverTheEncoderPutsIt(test: Case) {
        let request = PublishRequest(application: test.app, tcURL: test.tcURL, streamName: test.name)
        #expect(request.application == test.application)
        #expect(request.streamKey == test.key)
        #expect(request.query.map { "\($0.name)=\($0.value)" } == test.query)
    }

    /// Encoders with a field for a password put the key into a query, of whichever of the three they write.
    @Test(arguments: [
        Case(app: "live?key=KEY", name: ""), Case(app: "live", tcURL: "rtmp://host/live?StreamKey=KEY", name: ""),
        Case(app: "live", name: "?pass=KEY"), Case(app: "live", name: "demo?user=source&password=K%45Y", key: "demo"),
        Case(app: "live?token=KEY", name: "demo", key: "demo"),
    ])
    func keysStandInQueriesToo(test: Case) {
        let keys = PublishRequest(application: test.app, tcURL: test.tcURL, streamName: test.name).keys
        #expect(keys == (test.key == "demo" ? ["demo", "KEY"] : ["KEY"]))
    }

    @Test func queriesAreBounded() {
        let name = "KEY?" + (0..<500).map { "a\($0)=1" }.joined(separator: "&")
        #expect(PublishRequest(application: "live", tcURL: "", streamName: name).query.count == 64)
    }

    @Test func quotesAroundTcURLAndItsOtherSpellingAreTaken() {
        #expect(ConnectRequest(["tcurl": .string("\"rtmp://host/live\"")]).tcURL == "rtmp://host/live")
        #expect(ConnectRequest(["tcUrl": .string("\"")]).tcURL == "\"")
    }

    /// Requests end up in logs; keys must not.
    @Test func descriptionsHideSecrets() {
        let request = PublishRequest(
            application: "live", streamKey: "secret", query: [.init(name: "pass", value: "secret")])
        #expect(!"\(request)".contains("secret"))
        #expect(
            !"\(ConnectRequest(["app": .string("secret"), "tcUrl": .string("rtmp://h/secret")]))".contains("secret"))
    }

    @Test func textsForDisplayAreOneLine() {
        #expect("a\r\n\u{0}b\u{202E}c  ".displayText(maximumCount: 10) == "a bc")
        #expect(String(repeating: "x", count: 100).displayText(maximumCount: 10).count == 10)
        #expect(" \t ".displayText(maximumCount: 10) == "")
    }

    @Test func connectListsCodecsInEitherForm() {
        let request = ConnectRequest([
            "fourCcList": .array([.string("Opus"), .number(3)]), "audioFourCcInfoMap": .object(["fLaC": .number(1)]),
            "capsEx": .number(3.5),
        ])
        #expect(request.fourCCs == ["Opus", "fLaC"])
        #expect(request.capabilities == [])
        #expect(ConnectRequest(["capsEx": .number(9)]).capabilities == [.reconnect, .timestampNanoOffset])
    }
}
