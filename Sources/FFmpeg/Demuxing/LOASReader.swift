import AudioTimeline
import NIOCore

/// AAC in LATM without a container around it, in the frames of LOAS (ISO/IEC 14496-3 §1.7.2).
final class LOASReader: ContainerReader {
    private let window: InputWindow
    private var latm = LATMReader()
    private var announced: [UInt8] = []
    private var isInSync = false
    private var queue = ArraySlice<DemuxedItem>()

    init(_ window: InputWindow) {
        self.window = window
    }

    func next() throws(FFmpegError) -> DemuxedItem? {
        while true {
            if let item = queue.popFirst() {
                if case .packet = item { window.notePacket() }
                return item
            }
            if try window.skipTag() { continue }
            guard try window.fill(LATMReader.headerLength) else { return nil }
            guard let length = LATMReader.frameLength(window.bytes(0..<LATMReader.headerLength)) else {
                isInSync = false
                window.drop(window.firstIndex(of: 0x56, from: 1) ?? window.count)
                continue
            }
            guard try isConfirmed(length) else {
                isInSync = false
                window.drop(1)
                continue
            }
            guard try window.fill(length) else { return nil }
            guard let content = try latm.read(window.bytes(0..<length)) else {
                window.drop(1)
                continue
            }
            isInSync = true
            window.drop(length)
            take(content)
        }
    }

    /// After rubbish two frames in a row are needed.
    private func isConfirmed(_ length: Int) throws(FFmpegError) -> Bool {
        if isInSync { return true }
        guard try window.fill(length + LATMReader.headerLength) else { return true }
        let next = window.bytes(length..<(length + LATMReader.headerLength))
        return InputWindow.isTag(next) || LATMReader.frameLength(next) != nil
    }

    private func take(_ content: LATMReader.Content) {
        if content.setup != announced {
            announced = content.setup
            queue.append(.configuration(StreamConfiguration.aac(content.setup)))
        }
        for unit in content.units { queue.append(.packet(DemuxedPacket(payload: ByteBuffer(bytes: unit)))) }
    }
}
