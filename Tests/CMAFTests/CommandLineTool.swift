import Foundation

/// Runs programs that read what this module writes.
struct CommandLineTool {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    var name: String

    /// Runs the program and returns what it wrote to standard output; its messages are in the error if it fails.
    func run(_ arguments: [String]) throws -> Data {
        let folder = try TemporaryFolder()
        let outputFile = folder.file("output")
        let messagesFile = folder.file("messages")
        for file in [outputFile, messagesFile] { try Data().write(to: file) }
        let output = try FileHandle(forWritingTo: outputFile)
        let messages = try FileHandle(forWritingTo: messagesFile)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = messages
        try process.run()
        process.waitUntilExit()
        try output.close()
        try messages.close()
        guard process.terminationStatus == 0 else {
            let text = String(decoding: try Data(contentsOf: messagesFile), as: UTF8.self)
            throw Failure(description: "\(name) \(arguments.joined(separator: " ")) failed: \(text)")
        }
        return try Data(contentsOf: outputFile)
    }
}

/// A folder that is gone with its owner.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("cmaf-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            print("could not remove \(url.path): \(error)")
        }
    }

    func file(_ name: String) -> URL {
        url.appendingPathComponent(name)
    }
}
