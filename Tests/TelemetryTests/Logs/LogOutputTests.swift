import Foundation
import Logging
import Testing

@testable import Telemetry

@Suite struct LogOutputTests {
    private struct Failure: Error {}

    private func records(_ use: (LogOutput) -> Void) throws -> [[String: Any]] {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        let output = LogOutput(level: .info, fileDescriptor: descriptor)
        #expect(output.format == .json)
        use(output)
        #expect(output.writer.flush(timeout: .seconds(30)))
        try pipe.fileHandleForWriting.close()
        return try PipeReader(pipe).lines().map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test func loggersWriteAtTheirLevel() throws {
        let records = try records { output in
            let logger = output.logger(label: "origin")
            logger.debug("not this")
            logger.info("this")
            logger.warning("and this")
        }
        #expect(records.map { $0["message"] as? String } == ["this", "and this"])
        #expect(records.map { $0["level"] as? String } == ["info", "warning"])
        #expect(records.allSatisfy { $0["logger"] as? String == "origin" })
    }

    @Test func metadataOfLoggerAndEventAreMerged() throws {
        let records = try records { output in
            var logger = output.logger(label: "ingest")
            logger[metadataKey: "stream"] = "7"
            logger[metadataKey: "leg"] = "1"
            var copy = logger
            copy[metadataKey: "stream"] = "8"
            logger.info("x", metadata: ["leg": "2"])
            copy.error("y", error: Failure())
        }
        #expect(records.first?["metadata"] as? [String: String] == ["stream": "7", "leg": "2"])
        #expect(records.last?["metadata"] as? [String: String] == ["stream": "8", "leg": "1", "error": "Failure()"])
    }
}
