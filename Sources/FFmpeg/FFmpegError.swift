import AudioTimeline
import CFFmpeg

/// What went wrong in one of FFmpeg's libraries, or what was refused before they saw it.
public struct FFmpegError: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// The bytes are not what the format says. A decoder can go on with the next packet.
        case invalidData
        /// Nothing that is built in can handle this format, rate or number of channels.
        case unsupported
        /// The stream is well formed, and no decoder takes its audio. The message is a sentence for the streamer.
        case undecodable
        /// The input is well formed and asks for more than is allowed.
        case limitExceeded
        /// The samples are not in the format that the converter was made for; make a new one.
        case formatChanged
        /// The input was told to stop.
        case stopped
        /// The input went on without giving audio.
        case noAudio
        /// Memory was refused.
        case outOfMemory
        /// Anything else, with the number that the library gave.
        case library(code: Int32)
    }

    public var reason: Reason

    /// What was being done, and what the user can do about it.
    public var message: String

    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    init(_ audio: UndecodableAudio) {
        self.init(.undecodable, audio.sentence)
    }

    init(code: Int32, operation: String) {
        switch code {
        case cffmpeg_error_invalid_data:
            self.init(.invalidData, "\(operation): the data is damaged or of another format")
        case cffmpeg_error_no_memory:
            self.init(.outOfMemory, "\(operation): not enough memory, or more asked for than one allocation may have")
        case cffmpeg_error_exit:
            self.init(.stopped, "\(operation): stopped")
        default:
            self.init(.library(code: code), "\(operation): \(Self.text(of: code))")
        }
    }

    private static func text(of code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(AV_ERROR_MAX_STRING_SIZE)) { text in
            guard let start = text.baseAddress else { return "error \(code)" }
            cffmpeg_error_text(code, start)
            return String(cString: start)
        }
    }
}

extension FFmpegError: CustomStringConvertible {
    public var description: String { message }
}

/// Throws the error of a library call that answers with a negative number.
@discardableResult
func check(_ code: Int32, _ operation: @autoclosure () -> String) throws(FFmpegError) -> Int32 {
    guard code >= 0 else { throw FFmpegError(code: code, operation: operation()) }
    return code
}
