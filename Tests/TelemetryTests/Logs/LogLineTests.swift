import Foundation
import Logging
import Testing

@testable import Telemetry

@Suite struct LogLineTests {
    private func line(
        _ message: String = "push accepted", level: Logger.Level = .info, _ metadata: Logger.Metadata = [:]
    ) -> LogLine {
        LogLine(
            time: Timestamp(millisecondsSince1970: 951_827_696_789), level: level, label: "ingest", message: message,
            metadata: metadata)
    }

    private func object(_ line: LogLine) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(line.text(.json).utf8))
        return try #require(value as? [String: Any])
    }

    @Test func jsonLineHasItsFields() throws {
        let text = line("push accepted", ["channel": "demo", "bytes": "12"]).text(.json)
        #expect(
            text == """
                {"time":"2000-02-29T12:34:56.789Z","level":"info","logger":"ingest","message":"push accepted",\
                "metadata":{"bytes":"12","channel":"demo"}}

                """)
    }

    @Test func jsonKeepsNestedMetadata() throws {
        let parsed = try object(line("x", ["a": ["b": "c"], "d": ["e", "f"]]))
        let metadata = try #require(parsed["metadata"] as? [String: Any])
        #expect(metadata["a"] as? [String: String] == ["b": "c"])
        #expect(metadata["d"] as? [String] == ["e", "f"])
    }

    @Test func terminalLineIsReadable() {
        let text = line("push accepted", ["channel": "demo", "title": "Late night"]).text(.terminal(color: false))
        #expect(text == "12:34:56.789Z info     ingest: push accepted channel=demo title=\"Late night\"\n")
    }

    @Test func colorIsOnlyThereWhenAskedFor() {
        #expect(line(level: .error).text(.terminal(color: true)).contains("\u{1B}[31merror"))
        #expect(!line(level: .error).text(.terminal(color: false)).contains("\u{1B}"))
    }

    /// A peer that chooses a channel title cannot begin a line of its own or colour the terminal.
    @Test(arguments: [LogFormat.json, .terminal(color: false)])
    func aHostileValueStaysOnItsLine(format: LogFormat) {
        let hostile = "x\n{\"level\":\"critical\"}\u{1B}[2J"
        let text = line(hostile, ["title": .string(hostile), "\(hostile)": "key"]).text(format)
        #expect(text.split(separator: "\n").count == 1)
        #expect(!text.contains("\u{1B}"))
    }

    @Test(arguments: [LogFormat.json, .terminal(color: true)])
    func secretsDoNotShow(format: LogFormat) {
        struct Push: Sendable, CustomStringConvertible {
            var key: Redacted<String>
            var description: String { "push with \(key)" }
        }
        let text = line(
            "refused \(Redacted("hunter2"))",
            [
                "key": .stringConvertible(Redacted("hunter2")),
                "push": .stringConvertible(Push(key: Redacted("hunter2"))),
                "streamKey": "hunter2", "access_token": "hunter2", "Authorization": "Bearer hunter2",
                "nested": ["password": "hunter2"],
            ]
        ).text(format)
        #expect(!text.contains("hunter2"))
        #expect(text.contains("<redacted>"))
    }

    @Test func redactedHidesFromDumpAndReflection() {
        var dumped = ""
        dump(Redacted("hunter2"), to: &dumped)
        #expect(!dumped.contains("hunter2"))
        #expect(!String(reflecting: Redacted("hunter2")).contains("hunter2"))
        #expect(Redacted("hunter2").secret == "hunter2")
    }

    @Test func ordinaryNamesAreNotTakenForSecrets() {
        for name in ["channel", "tokenKind", "key", "keys", "passwordless", "bytes"] {
            #expect(!Redacted<String>.isSecretName(name), "\(name)")
        }
    }

    @Test func hugeEventsBecomeBoundedLines() throws {
        var deep: Logger.MetadataValue = "bottom"
        for _ in 0..<1000 { deep = ["down": deep] }
        var metadata: Logger.Metadata = ["deep": deep]
        for index in 0..<10_000 { metadata["entry\(index)"] = .string(String(repeating: "x", count: 5000)) }
        let event = line(String(repeating: "m", count: 1_000_000), metadata)
        #expect(event.text(.json).utf8.count < 100_000)
        #expect(event.text(.terminal(color: true)).utf8.count < 100_000)
        _ = try object(event)
    }
}
