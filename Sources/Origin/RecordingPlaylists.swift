import AudioTimeline
import HLS
import HTTPService
import Logging
import NIOCore
import Persistence
import SegmentStore
import Telemetry

/// Playlists of what is stored: the rewind window of a stream on the air, and recordings.
///
/// Each is rendered once a version of the stream's index, on a thread of its own, for all who ask for it.
final class RecordingPlaylists: Sendable {
    private enum Kind: Hashable {
        case master
        case recording(rendition: String)
        case rewind(rendition: String)
    }

    private struct Key: Hashable {
        var channel: String
        var stream: String
        var kind: Kind
    }

    private struct Page: Sendable {
        var version: RecordingIndices.Version
        var response: HTTPResponse
    }

    private struct NoSuchMedia: Error {}
    /// The stream is on the air, and nothing of it is stored yet.
    private struct NotYet: Error {}

    private let store: any SegmentStore
    private let directory: StreamDirectory
    private let settings: OriginSettings
    private let work: LongWork
    private let metrics: OriginMetrics
    private let logger: Logger
    private let indices: RecordingIndices
    private let pages = SharedValues<Key, Page>(budget: 64 << 20)

    init(
        store: any SegmentStore, directory: StreamDirectory, settings: OriginSettings, work: LongWork,
        metrics: OriginMetrics, logger: Logger
    ) {
        self.store = store
        self.directory = directory
        self.settings = settings
        self.work = work
        self.metrics = metrics
        self.logger = logger
        indices = RecordingIndices(store: store, work: work)
    }

    func master(channel: String, stream: String) -> HTTPAnswer {
        answer(Key(channel: channel, stream: stream, kind: .master))
    }

    func playlist(channel: String, stream: String, rendition: String) -> HTTPAnswer {
        answer(Key(channel: channel, stream: stream, kind: .recording(rendition: rendition)))
    }

    /// The `--dvr` window, without parts. The stream is known to belong to the channel.
    func rewind(channel: String, stream: String, rendition: String) -> HTTPAnswer {
        answer(Key(channel: channel, stream: stream, kind: .rewind(rendition: rendition)))
    }

    private func answer(_ key: Key) -> HTTPAnswer {
        if let page = pages.fresh(key) { return .response(page.response) }
        return .async { [self] in
            do {
                return try await pages.value(key) { [self] in try await page(key, $0) }.response
            } catch is NoSuchMedia {
                return .noSuchMedia
            } catch is NotYet {
                return .notYet
            } catch SegmentStoreError.invalidKey {
                return .noSuchMedia
            } catch {
                return failed(error, key.stream)
            }
        }
    }

    private func page(_ key: Key, _ old: Page?) async throws -> SharedValues<Key, Page>.Made {
        let version: RecordingIndices.Version
        if case .rewind = key.kind {
            guard let found = try await indices.version(key.stream) else { throw NotYet() }
            version = found
        } else {
            guard try await directory.belonged(key.stream, to: key.channel),
                let found = try await indices.version(key.stream), found.index.keeping.isRecorded
            else { throw NoSuchMedia() }
            version = found
        }
        var response = old?.response
        if old?.version.isSame(as: version) != true {
            let index = version.index
            response = try await work.render { [settings] in try Self.render(key, index, settings) }
            metrics.renderings.increment()
        }
        guard let response else { throw NoSuchMedia() }
        return .init(
            value: Page(version: version, response: response), cost: response.byteCount + 1024,
            freshFor: RecordingIndices.freshness(version.index))
    }

    private static func render(_ key: Key, _ index: RecordingIndex, _ settings: OriginSettings) throws -> HTTPResponse {
        var body = ByteBuffer()
        switch key.kind {
        case .master:
            MultivariantPlaylist(
                variants: index.renditions.map {
                    MultivariantPlaylist.Variant(
                        uri: "\($0.name)/vod.m3u8", bandwidth: Int($0.peakBitRate),
                        averageBandwidth: Int($0.averageBitRate), codecs: [$0.codecs])
                }
            ).write(into: &body)
        case .recording(let rendition):
            guard index.renditions.contains(where: { $0.name == rendition }) else { throw NoSuchMedia() }
            index.playlist(
                kind: index.isComplete ? .videoOnDemand : .event, lastSamples: .max,
                prefix: "../../../\(key.stream)/\(rendition)/"
            ).write(into: &body)
        case .rewind(let rendition):
            guard index.renditions.contains(where: { $0.name == rendition }) else { throw NoSuchMedia() }
            let window = Timeline.samples(nanoseconds: settings.rewind.nanoseconds)
            index.playlist(kind: .live, lastSamples: window, prefix: "").write(into: &body)
            return .playlist(body, maximumAge: 1, tag: ContentTag.text(body))
        }
        return .playlist(body, maximumAge: index.isComplete ? 60 : 1, tag: ContentTag.text(body))
    }

    /// A segment that is no longer in the live window.
    func segment(channel: String, stream: String, rendition: String, file: String) -> HTTPAnswer {
        .async { [self] in
            do {
                guard try await directory.belonged(stream, to: channel) else { return .noSuchMedia }
                let key = SegmentKey.object(stream: stream, rendition: rendition, name: file)
                guard file.hasSuffix(".m4s") || file.hasSuffix(".mp4"), let bytes = try await store.get(key) else {
                    return .noSuchMedia
                }
                return .media(bytes, tag: file)
            } catch SegmentStoreError.invalidKey, SegmentStoreError.damaged {
                // Players go on behind it.
                return .noSuchMedia
            } catch {
                return failed(error, stream)
            }
        }
    }

    private func failed(_ error: any Error, _ stream: String) -> HTTPResponse {
        let isOutage = (error as? SegmentStoreError)?.isOutage == true
        logger.log(
            level: isOutage ? .debug : .ofTry(error), "Recording not read",
            metadata: ["stream": "\(stream)", "reason": "\(error)"])
        return .notYet
    }
}
