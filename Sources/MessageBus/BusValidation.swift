/// Checks what every broker refuses, so that the implementations agree on it.
enum BusValidation {
    /// AMQP 0-9-1 short strings hold at most 255 bytes.
    static let maximumNameBytes = 255

    static func checkName(_ name: String) throws(BusError) {
        guard (1...maximumNameBytes).contains(name.utf8.count), !name.hasPrefix("amq.") else {
            throw .invalidName(name)
        }
    }

    static func checkTopic(_ topic: String) throws(BusError) {
        guard (1...maximumNameBytes).contains(topic.utf8.count) else { throw .invalidName(topic) }
    }

    static func checkPrefetch(_ prefetch: Int) throws(BusError) {
        try check((1...65_535).contains(prefetch), "prefetch")
    }

    static func check(_ options: QueueOptions) throws(BusError) {
        try check(options.maximumBytes > 0, "maximumBytes")
        try check(options.maximumMessages > 0, "maximumMessages")
        if let time = options.messageTimeToLive { try check(time >= .milliseconds(1), "messageTimeToLive") }
        if let time = options.expires { try check(time >= .milliseconds(1), "expires") }
    }

    static func check(_ options: LogOptions) throws(BusError) {
        try check(options.maximumBytes > 0, "maximumBytes")
        try check(options.minimumAge >= .seconds(1), "minimumAge")
    }

    static func check(_ options: SubscriptionOptions) throws(BusError) {
        try checkPrefetch(options.prefetch)
        try check(options.maximumRequeues >= 0, "maximumRequeues")
        try check(options.maximumBytes > 0, "maximumBytes")
        try check(options.maximumMessages > 0, "maximumMessages")
    }

    private static func check(_ condition: Bool, _ option: String) throws(BusError) {
        guard condition else { throw .invalidOption(option) }
    }
}
