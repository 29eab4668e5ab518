/// Why bytes are not fragmented MP4 that this module reads.
///
/// Offsets count bytes from the start of what was given to the reader.
public enum CMAFError: Error, Sendable, Hashable {
    /// The bytes end inside a box that began at `offset`. What lies before is whole: keep it, cut the rest off.
    case truncated(box: FourCharacterCode, offset: Int)
    /// A box contradicts itself or the boxes around it.
    case malformed(box: FourCharacterCode, reason: String)
    /// A box that must be there is not.
    case missing(box: FourCharacterCode, within: FourCharacterCode)
    /// Correct, but nothing that this module reads, such as a video track.
    case unsupported(String)
    /// A count above what any audio fragment needs.
    case tooManySamples(limit: Int)
}

extension CMAFError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .truncated(let box, let offset):
            "the file ends inside box '\(box)' at byte \(offset); cut it there and go on from the last whole fragment"
        case .malformed(let box, let reason):
            "box '\(box)' is malformed: \(reason); fetch or produce the file again"
        case .missing(let box, let within):
            "box '\(box)' is missing in '\(within)'; this is not a fragmented MP4 audio file"
        case .unsupported(let what):
            "\(what) cannot be read; only one track of AAC, Opus or FLAC is"
        case .tooManySamples(let limit):
            "a fragment announces more than \(limit) samples; split it into shorter ones"
        }
    }
}
