import AudioTimeline
import Dispatch
import FFmpeg
import NIOCore
import Synchronization

/// Decodes the first packets of each configuration of a push, on a queue of its own, so that what nobody could hear is
/// refused with its reason: silence on the air, or sound at the wrong speed, tells the streamer nothing.
final class DecodeProbe: Sendable {
    enum Verdict: Sendable, Equatable {
        case sound
        /// In words for whoever pushes.
        case undecodable(String)
    }

    /// What the queue's closures use, one after the other.
    private struct Trial {
        let configuration: CodecConfiguration
        var counter: PacketCounter?
        var decoder: AudioDecoder?
        var packets = 0
        var nanoseconds: Int64 = 0
        var failure: String?
    }

    private let queue = DispatchQueue(label: "decode-probe")
    // Touched on `queue` only.
    private nonisolated(unsafe) var trial: Trial?
    /// Whether packets are still wanted.
    private let isOpen = Atomic(false)

    /// MP3 may need what came before the first four packets, and Vorbis gives nothing for its first.
    private static let leastPackets = 8
    private static let mostPackets = 32
    private static let mostNanoseconds: Int64 = 2_000_000_000

    /// What comes from here on is coded so.
    func begin(_ configuration: CodecConfiguration) {
        isOpen.store(true, ordering: .relaxed)
        queue.async { [self] in
            trial = Trial(configuration: configuration, counter: PacketCounter(configuration))
            // The verdict on the one before may have closed it since.
            isOpen.store(true, ordering: .relaxed)
        }
    }

    /// - Parameter onVerdict: called on the probe's queue with the packet that decides, once for each configuration.
    func take(_ payload: ByteBuffer, onVerdict: @escaping @Sendable (Verdict) -> Void) {
        guard isOpen.load(ordering: .relaxed) else { return }
        queue.async { [self] in
            guard var current = trial else { return }
            let verdict = Self.judge(payload, &current)
            trial = verdict == nil ? current : nil
            if let verdict { say(verdict, onVerdict) }
        }
    }

    /// No more packets come: what could not be decoded so far will not be.
    func end(onVerdict: @escaping @Sendable (Verdict) -> Void) {
        queue.async { [self] in
            guard let current = trial, current.packets > 0 else { return }
            trial = nil
            say(.undecodable(Self.reason(current)), onVerdict)
        }
    }

    private func say(_ verdict: Verdict, _ onVerdict: @Sendable (Verdict) -> Void) {
        isOpen.store(false, ordering: .relaxed)
        onVerdict(verdict)
    }

    private static func judge(_ payload: ByteBuffer, _ trial: inout Trial) -> Verdict? {
        trial.packets += 1
        do throws(FFmpegError) {
            if trial.decoder == nil { trial.decoder = try AudioDecoder(trial.configuration) }
        } catch {
            trial.failure = error.message
            return .undecodable(reason(trial))
        }
        let counted = Int64(trial.counter?.length(of: payload) ?? 0)
        let rate = Int64(trial.configuration.sampleRate)
        if rate > 0 { trial.nanoseconds += counted * 1_000_000_000 / rate }
        do throws(FFmpegError) {
            if let block = try trial.decoder?.decode(payload) {
                // To a sample, since HE-AAC is counted at half the rate that it is heard at.
                if abs(Int64(block.frameCount) * rate - counted * Int64(block.sampleRate)) <= rate { return .sound }
                trial.failure = "its packets are not as long as its set-up says"
            }
        } catch {
            trial.failure = error.message
        }
        let isEnough =
            trial.packets >= mostPackets
            || trial.packets >= leastPackets && trial.nanoseconds >= mostNanoseconds
        return isEnough ? .undecodable(reason(trial)) : nil
    }

    private static func reason(_ trial: Trial) -> String {
        "The audio (\(trial.configuration.codec)) cannot be decoded: \(trial.failure ?? "there is no sound in it")."
    }
}
