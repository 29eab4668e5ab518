import NIOCore

/// Which speaker each channel is for (Enhanced RTMP v2, MultichannelConfig).
public struct MultichannelConfiguration: Sendable, Hashable {
    public enum Order: Sendable, Hashable {
        /// Only the number of channels is known.
        case unspecified
        /// Bits as in the channel mask of WAVE: 1 front left, 2 front right, 4 front centre, 8 low frequency, …
        case native(mask: UInt32)
        /// A speaker per channel, numbered like the bits of the mask; 0xFE unused, 0xFF unknown.
        case custom([UInt8])
    }

    public var order: Order
    public var channelCount: Int

    public init(order: Order, channelCount: Int) {
        self.order = order
        self.channelCount = channelCount
    }

    init(_ body: ByteBuffer) throws(AudioTagError) {
        var bytes = body
        guard let (order, count) = bytes.readMultipleIntegers(as: (UInt8, UInt8).self) else { throw .truncated }
        channelCount = Int(count)
        switch order {
        case 0: self.order = .unspecified
        case 1:
            guard let mask = bytes.readInteger(as: UInt32.self) else { throw .truncated }
            self.order = .native(mask: mask)
        case 2:
            guard let speakers = bytes.readBytes(length: Int(count)) else { throw .truncated }
            self.order = .custom(speakers)
        default: throw .reservedValue(order)
        }
    }
}
