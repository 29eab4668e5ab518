import CFFmpeg

/// Owns an `AVFrame`.
struct Frame: ~Copyable {
    let pointer: UnsafeMutablePointer<AVFrame>

    init() throws(FFmpegError) {
        guard let pointer = av_frame_alloc() else { throw FFmpegError(.outOfMemory, "allocate frame") }
        self.pointer = pointer
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVFrame>? = pointer
        av_frame_free(&pointer)
    }

    func clear() {
        av_frame_unref(pointer)
    }
}
