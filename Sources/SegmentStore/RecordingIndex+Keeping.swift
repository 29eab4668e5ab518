extension RecordingIndex {
    /// Whose the recording is, how large, and what is to become of it.
    public struct Keeping: Codable, Sendable, Equatable {
        /// A decimal number; empty where it was not known.
        public var channelID = ""
        /// Whether the stream stays when it is over. Otherwise only the rewind window is stored, while it is needed.
        public var isRecorded = true
        /// Bytes of all objects, but for the index itself.
        public var byteCount: Int64 = 0
        /// Whether `recording.completed` was published.
        public var isAnnounced = false
        /// Whether the recording is being removed: from then on there is none, though some of it may still lie there.
        public var isRemoved = false

        public init(channelID: String = "", isRecorded: Bool = true) {
            self.channelID = channelID
            self.isRecorded = isRecorded
        }
    }
}
