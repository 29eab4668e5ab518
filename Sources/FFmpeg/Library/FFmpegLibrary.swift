import CFFmpeg

/// Settings of FFmpeg's libraries that hold for the whole process.
public enum FFmpegLibrary {
    /// Keeps the libraries from writing to stderr and from allocating more than 64 MiB at once.
    ///
    /// Decoders, encoders and demuxers call it themselves; calling it again costs nothing. The bound is what a hostile
    /// table count in a container runs into.
    public static func setLogLevelQuiet() {
        _ = settings
    }

    /// The releases of libavformat and libavcodec that are loaded, for a start-up log.
    public static var versions: String {
        func text(_ version: UInt32) -> String { "\(version >> 16).\(version >> 8 & 0xFF).\(version & 0xFF)" }
        return "libavformat \(text(avformat_version())), libavcodec \(text(avcodec_version()))"
    }

    static let largestAllocation = 64 << 20

    private static let settings: Void = {
        cffmpeg_log_set_up()
        av_max_alloc(largestAllocation)
    }()
}
