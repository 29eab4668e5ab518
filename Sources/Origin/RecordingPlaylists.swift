import AudioTimeline
import HLS
import HTTPService
import Logging
import NIOCore
import SegmentStore

/// Playlists of what is stored: the rewind window of a stream on the air, and recordings.
struct RecordingPlaylists: Sendable {
    let store: any SegmentStore
    let directory: StreamDirectory
    let settings: OriginSettings
    let logger: Logger

    func master(channel: String, stream: String) -> HTTPAnswer {
        .async {
            await answer(channel, stream) { index in
                let playlist = MultivariantPlaylist(
                    variants: index.renditions.map {
                        MultivariantPlaylist.Variant(
                            uri: "\($0.name)/vod.m3u8", bandwidth: Int($0.peakBitRate),
                            averageBandwidth: Int($0.averageBitRate), codecs: [$0.codecs])
                    })
                var body = ByteBuffer()
                playlist.write(into: &body)
                return .playlist(body, maximumAge: index.isComplete ? 60 : 1)
            }
        }
    }

    func playlist(channel: String, stream: String, rendition: String) -> HTTPAnswer {
        .async {
            await answer(channel, stream) { index in
                guard index.renditions.contains(where: { $0.name == rendition }) else { return .noSuchMedia }
                let playlist = index.playlist(
                    kind: index.isComplete ? .videoOnDemand : .event, lastSamples: .max,
                    prefix: "../../../\(stream)/\(rendition)/")
                var body = ByteBuffer()
                playlist.write(into: &body)
                return .playlist(body, maximumAge: index.isComplete ? 60 : 1)
            }
        }
    }

    /// The `--dvr` window, without parts.
    func rewind(stream: String, rendition: String) -> HTTPAnswer {
        let window = Timeline.samples(nanoseconds: settings.rewind.nanoseconds)
        return .async {
            do {
                guard let index = try await index(stream) else { return .notYet }
                guard index.renditions.contains(where: { $0.name == rendition }) else { return .noSuchMedia }
                var body = ByteBuffer()
                index.playlist(kind: .live, lastSamples: window, prefix: "").write(into: &body)
                return .playlist(body, maximumAge: 1)
            } catch {
                return failed(error, stream)
            }
        }
    }

    /// A segment that is no longer in the live window.
    func segment(channel: String, stream: String, rendition: String, file: String) -> HTTPAnswer {
        .async {
            do {
                guard try await directory.belonged(stream, to: channel) else { return .noSuchMedia }
                let key = SegmentKey.object(stream: stream, rendition: rendition, name: file)
                guard file.hasSuffix(".m4s") || file.hasSuffix(".mp4"), let bytes = try await store.get(key) else {
                    return .noSuchMedia
                }
                return .media(bytes, tag: file)
            } catch SegmentStoreError.invalidKey {
                return .noSuchMedia
            } catch {
                return failed(error, stream)
            }
        }
    }

    private func answer(
        _ channel: String, _ stream: String, _ body: (RecordingIndex) -> HTTPResponse
    ) async -> HTTPResponse {
        do {
            guard try await directory.belonged(stream, to: channel), let index = try await index(stream),
                index.keeping.isRecorded
            else {
                return .noSuchMedia
            }
            return body(index)
        } catch SegmentStoreError.invalidKey {
            return .noSuchMedia
        } catch {
            return failed(error, stream)
        }
    }

    private func index(_ stream: String) async throws -> RecordingIndex? {
        guard let bytes = try await store.get(SegmentKey.index(stream: stream)) else { return nil }
        let index = try RecordingIndex(decoding: bytes)
        return index.keeping.isRemoved ? nil : index
    }

    private func failed(_ error: any Error, _ stream: String) -> HTTPResponse {
        logger.warning("Recording not read", metadata: ["stream": "\(stream)", "reason": "\(error)"])
        return .notYet
    }
}
