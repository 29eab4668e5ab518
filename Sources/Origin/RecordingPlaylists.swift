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
            guard try await directory.belonged(stream, to: channel), let index = try await index(stream) else {
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
        try await store.get(SegmentKey.index(stream: stream)).map { try RecordingIndex(decoding: $0) }
    }

    private func failed(_ error: any Error, _ stream: String) -> HTTPResponse {
        logger.warning("Recording not read", metadata: ["stream": "\(stream)", "reason": "\(error)"])
        return .notYet
    }
}

extension RecordingIndex {
    /// - Parameters:
    ///   - lastSamples: how much of the end is listed.
    ///   - prefix: where the segments lie, seen from the playlist.
    func playlist(kind: MediaPlaylist.Kind, lastSamples: Int64, prefix: String) -> MediaPlaylist {
        let listed = segments(lastSamples: lastSamples)
        let first = listed.first
        return MediaPlaylist(
            kind: kind, targetDurationSeconds: LiveWindow.targetDurationSeconds,
            mediaSequence: Int(first?.mediaSequence ?? nextMediaSequence),
            discontinuitySequence: first?.discontinuitySequenceBefore ?? 0,
            segments: listed.map { $0.listed(prefix: prefix) }, isEnded: isComplete)
    }

    /// The newest stored segments, oldest first: as many as fit, one at least if there is any.
    func segments(lastSamples: Int64) -> [WindowSegment] {
        var segments: [WindowSegment] = []
        var length: Int64 = 0
        for (number, epoch) in epochs.enumerated().reversed() {
            for offset in (0..<epoch.segmentCount).reversed() {
                let segment = WindowSegment(
                    stored: epoch, segment: offset, isDiscontinuity: offset == 0 && number > 0)
                guard segments.isEmpty || length + segment.durationSamples <= lastSamples else {
                    return segments.reversed()
                }
                length += segment.durationSamples
                segments.append(segment)
            }
        }
        return segments.reversed()
    }
}
