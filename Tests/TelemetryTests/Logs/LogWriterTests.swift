import Foundation
import Logging
import Testing

@testable import Telemetry

@Suite struct LogWriterTests {
    private let notice: @Sendable (Int) -> String = { "dropped \($0)\n" }

    @Test func linesArriveInOrder() throws {
        let pipe = Pipe()
        let writer = LogWriter(fileDescriptor: pipe.fileHandleForWriting.fileDescriptor, dropNotice: notice)
        for number in 0..<1000 { writer.write("\(number)\n") }
        #expect(writer.flush(timeout: .seconds(30)))
        try pipe.fileHandleForWriting.close()
        #expect(PipeReader(pipe).lines() == (0..<1000).map { Substring("\($0)") })
        #expect(writer.droppedLineCount == 0)
    }

    /// Nobody reads the pipe, which holds 64 KiB: writing must go on at once, what waits stays bounded, and when the
    /// reader comes every line is there or counted.
    @Test func aSlowReaderNeitherBlocksNorLosesCount() throws {
        let pipe = Pipe()
        let writer = LogWriter(
            fileDescriptor: pipe.fileHandleForWriting.fileDescriptor, capacityBytes: 100_000, dropNotice: notice)
        let padding = String(repeating: "x", count: 90)
        for number in 0..<10_000 { writer.write("\(number) \(padding)\n") }
        #expect(!writer.flush(timeout: .milliseconds(1)))
        #expect(writer.droppedLineCount > 5000)

        let reader = PipeReader(pipe)
        #expect(writer.flush(timeout: .seconds(30)))
        writer.write("after\n")
        #expect(writer.flush(timeout: .seconds(30)))
        try pipe.fileHandleForWriting.close()
        let received = reader.lines()
        let notices = received.filter { $0.hasPrefix("dropped ") }.compactMap { Int($0.dropFirst(8)) }
        #expect(notices.reduce(0, +) == writer.droppedLineCount)
        #expect(received.count - notices.count == 10_001 - writer.droppedLineCount)
        #expect(received.last == "after")
    }

    @Test func manyThreadsWriteWholeLines() async throws {
        let pipe = Pipe()
        let writer = LogWriter(fileDescriptor: pipe.fileHandleForWriting.fileDescriptor, dropNotice: notice)
        let reader = PipeReader(pipe)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { for number in 0..<500 { writer.write("task \(task) line \(number)\n") } }
            }
        }
        #expect(writer.flush(timeout: .seconds(30)))
        try pipe.fileHandleForWriting.close()
        let received = reader.lines()
        #expect(Set(received).count == 4000)
        for task in 0..<8 {
            let own = received.filter { $0.hasPrefix("task \(task) ") }
            #expect(own == (0..<500).map { Substring("task \(task) line \($0)") })
        }
    }

    /// A descriptor that refuses bytes costs lines, not the process.
    @Test func aClosedDescriptorIsCounted() {
        let writer = LogWriter(fileDescriptor: -1, dropNotice: notice)
        writer.write("one\n")
        writer.write("two\n")
        #expect(writer.flush(timeout: .seconds(30)))
        #expect(writer.droppedLineCount == 2)
    }
}
