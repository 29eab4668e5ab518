import AudioTimeline

/// Audio without a container, behind any tags. What stands behind them decides, not what was declared: a tag may be longer
/// than what was looked at to tell the format.
final class BareReader: ContainerReader {
    private let declared: ContainerFormat
    private let window: InputWindow
    private var reader: (any ContainerReader)?

    /// - Parameter declared: `adts`, `loas`, `mp3` or `flac`: what counts where the bytes do not tell.
    init(_ declared: ContainerFormat, _ window: InputWindow) {
        self.declared = declared
        self.window = window
    }

    func next() throws(FFmpegError) -> DemuxedItem? {
        if let reader { return try reader.next() }
        while try window.skipTag() {}
        let found: any ContainerReader =
            switch try format() {
            case .adts: ADTSReader(window)
            case .loas: LOASReader(window)
            case .flac: FLACReader(window)
            default: MPEGAudioReader(window)
            }
        reader = found
        return try found.next()
    }

    private func format() throws(FFmpegError) -> ContainerFormat {
        var length = ADTSHeader.length
        while length < ContainerSniffer.sufficientLength {
            let hasMore = try window.fill(length)
            let bytes = window.bytes(0..<min(window.count, ContainerSniffer.sufficientLength))
            if bytes.starts(with: "fLaC".utf8) { return .flac }
            if let refusal = ContainerSniffer.refusal(of: bytes) { throw FFmpegError(refusal) }
            // What contradicts the declaration needs a second frame.
            let found = ContainerSniffer.frames(in: bytes, from: 0, isConfirmed: false)
            if found == nil || found == declared { return declared }
            if let sure = ContainerSniffer.frames(in: bytes, from: 0, isConfirmed: true) { return sure }
            guard hasMore else { return declared }
            length = window.count + 1
        }
        return declared
    }
}
