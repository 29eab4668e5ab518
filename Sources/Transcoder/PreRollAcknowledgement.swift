import MessageBus

/// Decides which batches may be acknowledged: those of which every part is in the log, less what a successor has to
/// decode and encode again before its output cannot be told from ours.
struct PreRollAcknowledgement {
    private struct Waiting {
        var tag: DeliveryTag
        var epoch: UInt32
        var end: Int64
        var preRoll: Int64
    }

    private var waiting: [Waiting] = []
    private var epoch: UInt32 = 0
    private var delivered: Int64 = 0

    mutating func delivered(epoch: UInt32, until position: Int64) {
        self.epoch = epoch
        delivered = position
    }

    mutating func received(_ tag: DeliveryTag, epoch: UInt32, until position: Int64, preRoll: Int64) {
        waiting.append(Waiting(tag: tag, epoch: epoch, end: position, preRoll: preRoll))
    }

    /// The newest batch that may be acknowledged with all before it.
    mutating func settled() -> DeliveryTag? {
        let count =
            waiting.firstIndex { $0.epoch > epoch || $0.epoch == epoch && $0.end > delivered - $0.preRoll }
            ?? waiting.count
        guard count > 0 else { return nil }
        let tag = waiting[count - 1].tag
        waiting.removeFirst(count)
        return tag
    }
}
