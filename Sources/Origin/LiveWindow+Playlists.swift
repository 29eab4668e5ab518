import AudioTimeline
import HLS
import NIOCore

extension LiveWindow {
    /// Attributes that are the same, and stay the same, in all playlists of a stream (RFC 8216bis §6.2.4).
    func serverControl(isLowLatency: Bool) -> ServerControl {
        ServerControl(
            canBlockReload: true,
            canSkipUntilSamples: SampleDuration.samples(seconds: Self.targetDurationSeconds * 6),
            holdBackSamples: SampleDuration.samples(seconds: Self.targetDurationSeconds * 3),
            partHoldBackSamples: isLowLatency ? partTargetSamples * 3 : nil)
    }

    func playlist(rendition: Int, isLowLatency: Bool) -> MediaPlaylist {
        let whole = segments.filter(\.isWhole)
        let first = segments.first
        var playlist = MediaPlaylist(
            targetDurationSeconds: Self.targetDurationSeconds, serverControl: serverControl(isLowLatency: isLowLatency),
            mediaSequence: Int(first?.mediaSequence ?? 0),
            discontinuitySequence: first?.discontinuitySequenceBefore ?? 0,
            segments: whole.map { $0.listed(rendition: rendition) }, isEnded: isEnded)
        guard isLowLatency else { return playlist }
        playlist.partTargetSamples = Int(setups[rendition].partTargetSamples)
        if let open = segments.last, !open.isWhole, !isEnded {
            playlist.openSegment = OpenSegment(
                dateMilliseconds: open.dateMicroseconds / 1000, isDiscontinuity: open.isDiscontinuity,
                map: "init-\(open.epoch).mp4", parts: open.parts(rendition: rendition))
        }
        playlist.preloadHintPart = hint
        if let last = segments.last {
            playlist.renditionReports = setups.indices.filter { $0 != rendition }.map {
                RenditionReport(
                    uri: "../\(setups[$0].name)/live.m3u8", lastMediaSequence: Int(last.mediaSequence),
                    lastPart: last.partCount - 1)
            }
        }
        return playlist
    }

    /// - Parameter prefix: where the renditions' playlists lie, seen from the multivariant playlist.
    func multivariant(prefix: String, file: String) -> MultivariantPlaylist {
        MultivariantPlaylist(
            variants: setups.map {
                MultivariantPlaylist.Variant(
                    uri: "\(prefix)\($0.name)/\(file)", bandwidth: Int($0.peakBitRate),
                    averageBandwidth: Int($0.averageBitRate), codecs: [$0.codecs])
            })
    }
}
