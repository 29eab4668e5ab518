import FFmpeg
import Foundation

/// The `ffmpeg` command, as the other side that our own code is compared with.
enum CommandLineFFmpeg {
    struct Failure: Error { var message: String }

    /// Gives the command `input` on its standard input, and gives what it writes to the file named at the end of its
    /// arguments: a file, not a pipe, since some containers go back to their head.
    static func run(_ arguments: [String], input: [UInt8]) throws -> [UInt8] {
        try inFolder { folder in
            let result = folder.appendingPathComponent("out")
            _ = try launch("ffmpeg", ["-v", "error", "-nostdin", "-y"] + arguments + [result.path], input, folder)
            return try Array(Data(contentsOf: result))
        }
    }

    /// How many packets `ffprobe` finds in a file.
    static func packetCount(_ file: [UInt8]) throws -> Int {
        try inFolder { folder in
            let path = folder.appendingPathComponent("file")
            try Data(file).write(to: path)
            let arguments = [
                "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0",
            ]
            let lines = try launch("ffprobe", arguments + [path.path], [], folder).split(separator: "\n")
            guard let count = lines.first.flatMap({ Int($0.prefix { $0.isNumber }) }) else {
                throw Failure(message: "no count in \(lines)")
            }
            return count
        }
    }

    private static func inFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("FFmpegTests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    private static func launch(_ name: String, _ arguments: [String], _ input: [UInt8], _ folder: URL) throws -> String
    {
        let (source, output) = (folder.appendingPathComponent("in"), folder.appendingPathComponent("text"))
        let errors = folder.appendingPathComponent("errors")
        try Data(input).write(to: source)
        for file in [output, errors] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardInput = try FileHandle(forReadingFrom: source)
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(message: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
        }
        return String(decoding: try Data(contentsOf: output), as: UTF8.self)
    }

    /// Encodes a signal.
    static func encode(_ signal: Signal, rate: Int = 48_000, channels: Int = 2, _ arguments: String...) throws
        -> [UInt8]
    {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(signal.left.count * 8)
        for (left, right) in zip(signal.left, signal.right) {
            withUnsafeBytes(of: left.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: right.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        }
        let input = ["-f", "f32le", "-ar", "\(rate)", "-ac", "2", "-i", "pipe:0", "-ac", "\(channels)"]
        return try run(input + arguments.flatMap { $0.split(separator: " ").map(String.init) }, input: bytes)
    }

    /// Decodes a file to stereo floats.
    static func decode(_ bytes: [UInt8], _ arguments: String) throws -> StereoBlock {
        let input = arguments.split(separator: " ").map(String.init)
        let output = try run(input + ["-i", "pipe:0", "-f", "f32le", "-ac", "2"], input: bytes)
        var block = StereoBlock()
        for offset in stride(from: 0, to: output.count - 7, by: 8) {
            func sample(_ at: Int) -> Float {
                Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(output[at + $1]) << UInt32(8 * $1) })
            }
            block.left.append(sample(offset))
            block.right.append(sample(offset + 4))
        }
        return block
    }
}
