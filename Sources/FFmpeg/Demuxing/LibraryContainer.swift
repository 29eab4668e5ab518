import AudioTimeline
import CFFmpeg

/// Owns an `AVFormatContext` that reads from a link and nothing else.
final class LibraryContainer {
    private var context: UnsafeMutablePointer<AVFormatContext>?
    private let input: LibraryInput

    init(_ format: ContainerFormat, _ source: any LinkSource) throws(FFmpegError) {
        FFmpegLibrary.setLogLevelQuiet()
        input = try LibraryInput(source)
        guard let inputFormat = av_find_input_format(format.libraryName) else {
            throw FFmpegError(.unsupported, "FFmpeg was built without the container \(format.rawValue)")
        }
        guard let allocated = avformat_alloc_context() else {
            throw FFmpegError(.outOfMemory, "allocate container")
        }
        context = allocated
        allocated.pointee.pb = input.pointer
        allocated.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
        cffmpeg_refuse_other_input(allocated)
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        for (name, value) in Self.options(inputFormat) { av_dict_set(&options, name, value, 0) }
        // Frees the context when it fails.
        let code = avformat_open_input(&context, nil, inputFormat, &options)
        guard code >= 0 else {
            context = nil
            throw input.error ?? FFmpegError(code: code, operation: "read \(format.rawValue)")
        }
    }

    deinit {
        avformat_close_input(&context)
    }

    private static func options(_ format: UnsafePointer<AVInputFormat>) -> [(String, String)] {
        [
            ("format_whitelist", String(cString: format.pointee.name)),
            ("codec_whitelist", "aac,mp3float,mp3,libopus,opus,vorbis,flac,ac3,eac3"),
            // Nothing that a container names is ever opened.
            ("protocol_whitelist", "none"),
            ("probesize", "32768"), ("formatprobesize", "32768"), ("analyzeduration", "500000"),
            ("max_streams", "16"), ("indexmem", "65536"),
            ("skip_estimate_duration_from_pts", "1"),
        ]
    }

    /// Reads the next packet of any stream.
    ///
    /// - Returns: `false` at the end.
    func read(_ packet: UnsafeMutablePointer<AVPacket>) throws(FFmpegError) -> Bool {
        let code = av_read_frame(context, packet)
        if let error = input.error { throw error }
        if code == cffmpeg_error_end_of_file || code == cffmpeg_error_input_output { return false }
        try check(code, "read container")
        return true
    }

    var streamCount: Int { Int(context?.pointee.nb_streams ?? 0) }

    func stream(_ index: Int) -> UnsafeMutablePointer<AVStream>? {
        index < streamCount ? context?.pointee.streams[index] : nil
    }

    /// The tags of the container and of one stream, keys in lower case.
    func tags(ofStream index: Int) -> [String: String] {
        var tags: [String: String] = [:]
        for dictionary in [context?.pointee.metadata, stream(index)?.pointee.metadata] {
            var entry: UnsafeMutablePointer<AVDictionaryEntry>?
            while tags.count < 64 {
                entry = av_dict_get(dictionary ?? nil, "", entry, AV_DICT_IGNORE_SUFFIX)
                guard let found = entry else { break }
                let value = UnsafeRawBufferPointer(start: found.pointee.value, count: strlen(found.pointee.value))
                tags[String(cString: found.pointee.key).lowercased()] = String(undeclared: value, maximumBytes: 1024)
            }
        }
        return tags
    }
}

extension ContainerFormat {
    fileprivate var libraryName: String {
        self == .mov ? "mov" : rawValue
    }
}
