import AudioTimeline
import CFFmpeg

/// Why none of a container's streams is taken, in words.
enum UndecodableStream {
    /// The names by which encoders call what FFmpeg's tables call otherwise.
    private static let names: [(AVCodecID, String)] = [
        (AV_CODEC_ID_ALAC, "ALAC"), (AV_CODEC_ID_DTS, "DTS"), (AV_CODEC_ID_TRUEHD, "Dolby TrueHD"),
        (AV_CODEC_ID_MLP, "MLP"),
        (AV_CODEC_ID_WAVPACK, "WavPack"), (AV_CODEC_ID_TTA, "TTA"), (AV_CODEC_ID_SPEEX, "Speex in this container"),
        (AV_CODEC_ID_WMAV1, "Windows Media Audio"), (AV_CODEC_ID_WMAV2, "Windows Media Audio"),
        (AV_CODEC_ID_WMAPRO, "Windows Media Audio"), (AV_CODEC_ID_WMALOSSLESS, "Windows Media Audio"),
        (AV_CODEC_ID_WMAVOICE, "Windows Media Audio"), (AV_CODEC_ID_PCM_ALAW, "G.711 A-law"),
        (AV_CODEC_ID_PCM_MULAW, "G.711 mu-law"), (AV_CODEC_ID_AMR_NB, "AMR"), (AV_CODEC_ID_AMR_WB, "AMR"),
        (AV_CODEC_ID_COOK, "RealAudio"), (AV_CODEC_ID_SIPR, "RealAudio"), (AV_CODEC_ID_RA_144, "RealAudio"),
        (AV_CODEC_ID_RA_288, "RealAudio"), (AV_CODEC_ID_RALF, "RealAudio"), (AV_CODEC_ID_ATRAC3, "ATRAC"),
        (AV_CODEC_ID_NONE, "A codec that is not known"),
    ]

    /// - Returns: `nil` when the stream is no audio, or audio that we decode.
    static func refusal(_ parameters: UnsafePointer<AVCodecParameters>) -> UndecodableAudio? {
        let identifier = parameters.pointee.codec_id
        guard parameters.pointee.codec_type == AVMEDIA_TYPE_AUDIO, AudioCodec(identifier) == nil else { return nil }
        if let name = names.first(where: { $0.0 == identifier })?.1 { return UndecodableAudio(name) }
        let name = avcodec_get_name(identifier).map { String(cString: $0) } ?? "This codec"
        return name.hasPrefix("pcm_")
            ? UndecodableAudio("Uncompressed audio (PCM)", advice: "send FLAC or AAC") : UndecodableAudio(name)
    }
}
