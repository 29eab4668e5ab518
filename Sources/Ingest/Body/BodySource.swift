import AudioTimeline
import FFmpeg
import Foundation
import NIOCore
import RTMP
import Synchronization

/// Turns the body of a push into events of its `Push`: finds out the container, then demuxes it on a thread of its own.
///
/// Used from one event loop; FLV is taken apart right there, as RTMP is.
final class BodySource {
    enum End: Sendable {
        /// The encoder ended the stream.
        case clean
        case lost
    }

    /// What became of the body, on the demuxer's thread.
    enum Outcome: Sendable {
        case ended
        case failed(PushRefusal)
    }

    private enum Stage {
        case sniffing(ByteBuffer)
        case flv(FLVReader, TagSource)
        case demuxing(ByteQueue)
        case over
    }

    private let push: any PushSink
    private let contentType: String?
    private let onRoom: @Sendable () -> Void
    private let onOutcome: @Sendable (Outcome) -> Void
    private var stage = Stage.sniffing(ByteBuffer())
    private let end = EndMark()
    /// Whether the container is one whose pages are sent when they are full, however long that takes.
    private(set) var keepsAudioBack = false

    init(
        push: any PushSink, contentType: String?, onRoom: @escaping @Sendable () -> Void,
        onOutcome: @escaping @Sendable (Outcome) -> Void
    ) {
        self.push = push
        self.contentType = contentType
        self.onRoom = onRoom
        self.onOutcome = onOutcome
    }

    /// - Returns: whether the connection may go on reading.
    func received(_ bytes: ByteBuffer) throws(PushRefusal) -> Bool {
        switch stage {
        case .sniffing(var beginning):
            beginning.writeImmutableBuffer(bytes)
            stage = .sniffing(beginning)
            return try sniff(beginning, isAll: false)
        case .flv(var reader, var tags):
            stage = .over
            var bytes = bytes
            var events: [FLVEvent] = []
            do {
                try reader.receive(&bytes, into: &events)
            } catch {
                throw .unsupported("The FLV cannot be read: \(error.description)")
            }
            for event in events { try take(event, &tags) }
            stage = .flv(reader, tags)
            return true
        case .demuxing(let queue): return queue.add(bytes)
        case .over: return true
        }
    }

    /// No more bytes come.
    func ended(_ end: End) throws(PushRefusal) {
        self.end.value = end
        if case .sniffing(let beginning) = stage {
            guard beginning.readableBytes > 0 else {
                stage = .over
                finish()
                return
            }
            _ = try sniff(beginning, isAll: true)
        }
        switch stage {
        case .demuxing(let queue): queue.end()
        case .flv, .sniffing:
            stage = .over
            finish()
        case .over: break
        }
    }

    /// The server closed the push.
    func stop() {
        if case .demuxing(let queue) = stage { queue.stop() }
        stage = .over
    }

    private func finish() {
        switch end.value {
        case .clean: push.ended()
        case .lost: push.lost()
        }
        onOutcome(.ended)
    }

    private func sniff(_ beginning: ByteBuffer, isAll: Bool) throws(PushRefusal) -> Bool {
        let bytes =
            beginning.getBytes(
                at: beginning.readerIndex, length: min(beginning.readableBytes, ContainerSniffer.sufficientLength))
            ?? []
        if let refusal = ContainerSniffer.refusal(of: bytes) { throw .undecodable(refusal.sentence) }
        guard let format = ContainerSniffer.format(of: bytes, contentType: contentType, isAll: isAll) else {
            guard !isAll, bytes.count < ContainerSniffer.sufficientLength else {
                throw .unsupported("The format of the audio cannot be told.")
            }
            return true
        }
        if format == .flv {
            stage = .flv(FLVReader(), TagSource())
            return try received(beginning)
        }
        keepsAudioBack = [.ogg, .flac, .matroska, .mov].contains(format)
        let queue = ByteQueue(onRoom: onRoom)
        stage = .demuxing(queue)
        demux(format, queue)
        return queue.add(beginning)
    }

    private func take(_ event: FLVEvent, _ tags: inout TagSource) throws(PushRefusal) {
        switch event {
        case .audio(let tag):
            try push.take(tags.items(of: tag))
        case .metadata(let metadata):
            push.nowPlaying(NowPlaying(metadata), from: .container)
        case .unsupportedCodec(let name): throw .undecodable(TagSource.refusal(ofCodec: name).sentence)
        case .missingSequenceHeader: throw .unsupported("The audio came without its set-up data.")
        case .video, .ignored: break
        }
    }

    private func demux(_ format: ContainerFormat, _ queue: ByteQueue) {
        let thread = Thread { [push, end, onOutcome] in
            let demuxer = Demuxer(format: format, input: queue)
            do throws(FFmpegError) {
                while let item = try demuxer.next() {
                    switch item {
                    case .configuration(let configuration): push.configured(configuration)
                    case .packet(let packet):
                        push.packet(
                            packet.payload, timestamp: packet.timestamp, trim: packet.trim,
                            arrival: queue.lastArrival)
                        // Too far ahead of real time: the queue fills up, reading stops, and TCP pushes back.
                        while case let excess = push.excessLead, excess > 0, !queue.isStopped {
                            Thread.sleep(forTimeInterval: Double(min(excess, 100_000_000)) / 1e9)
                        }
                    case .metadata(let tags): push.nowPlaying(NowPlaying(tags: tags), from: .container)
                    }
                }
                switch end.value {
                case .clean: push.ended()
                case .lost: push.lost()
                }
                onOutcome(.ended)
            } catch {
                push.lost()
                guard error.reason != .stopped else { return }
                onOutcome(.failed(PushRefusal(error, format)))
            }
        }
        thread.name = "demux"
        thread.stackSize = 1 << 20
        thread.start()
    }
}

extension PushRefusal {
    fileprivate init(_ error: FFmpegError, _ format: ContainerFormat) {
        self =
            error.reason == .undecodable
            ? .undecodable(error.message)
            : .unsupported("The audio cannot be read (\(format.rawValue)): \(error.message).")
    }
}

/// How the body ended, told from the event loop to the demuxer's thread.
private final class EndMark: Sendable {
    private let end = Mutex(BodySource.End.lost)

    var value: BodySource.End {
        get { end.withLock { $0 } }
        set { end.withLock { $0 = newValue } }
    }
}
