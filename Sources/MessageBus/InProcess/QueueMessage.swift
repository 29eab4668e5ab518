import NIOCore

/// A message within the in-process broker.
struct QueueMessage: Sendable {
    /// The place in the queue, to which a message returns when it is requeued.
    let sequence: UInt64
    let payload: ByteBuffer
    let topic: String?
    /// The time at which it is no longer delivered.
    let expiry: Duration?
    var redelivered = false
    /// How often a consumer rejected it with requeue.
    var requeues = 0
}

extension ByteBuffer {
    /// The same bytes, in a storage of their own where this one is a small piece of a large one: limits count payload
    /// bytes, and a kept piece would keep the whole.
    func compacted() -> ByteBuffer {
        guard storageCapacity / 2 > readableBytes &+ 2048 else { return self }
        return ByteBuffer(bytes: readableBytesView)
    }
}
