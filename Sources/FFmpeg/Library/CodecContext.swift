import CFFmpeg

/// Owns an `AVCodecContext`, decoder or encoder, with one thread.
struct CodecContext: ~Copyable {
    let pointer: UnsafeMutablePointer<AVCodecContext>

    init(_ codec: UnsafePointer<AVCodec>) throws(FFmpegError) {
        FFmpegLibrary.setLogLevelQuiet()
        guard let pointer = avcodec_alloc_context3(codec) else {
            throw FFmpegError(.outOfMemory, "allocate codec context")
        }
        self.pointer = pointer
        // Frame threads would give packet k's samples only when packet k + n goes in.
        pointer.pointee.thread_count = 1
        pointer.pointee.thread_type = 0
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVCodecContext>? = pointer
        avcodec_free_context(&pointer)
    }

    func setOption(_ name: String, _ value: String) throws(FFmpegError) {
        try check(av_opt_set(pointer, name, value, AV_OPT_SEARCH_CHILDREN), "set codec option \(name)")
    }

    /// Gives the context its codec set-up; the context frees the copy.
    func setExtradata(_ bytes: [UInt8]) throws(FFmpegError) {
        guard !bytes.isEmpty else { return }
        let padded = bytes.count + Int(AV_INPUT_BUFFER_PADDING_SIZE)
        guard let copy = av_mallocz(padded) else { throw FFmpegError(.outOfMemory, "allocate codec set-up") }
        bytes.withUnsafeBytes { source in
            if let base = source.baseAddress { copy.copyMemory(from: base, byteCount: source.count) }
        }
        pointer.pointee.extradata = copy.assumingMemoryBound(to: UInt8.self)
        pointer.pointee.extradata_size = Int32(bytes.count)
    }

    var extradata: [UInt8] {
        guard let data = pointer.pointee.extradata, pointer.pointee.extradata_size > 0 else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: Int(pointer.pointee.extradata_size)))
    }

    func open(_ codec: UnsafePointer<AVCodec>) throws(FFmpegError) {
        try check(avcodec_open2(pointer, codec, nil), "open codec \(String(cString: codec.pointee.name))")
    }
}
