internal import CRabbitMQ
import NIOCore

/// A message of which the method has come, and the header and body have not come yet.
enum IncomingMessage {
    case delivery(AMQPDelivery, remaining: UInt64?)
    case returned(correlation: UInt64?, remaining: UInt64?)
}

extension AMQPLink {
    /// What the broker has said; `nil` if nothing more is there. Never waits. Sends a heartbeat when one is due, so it
    /// has to be called more often than that.
    func receive() throws(RabbitMQConnectionError) -> AMQPEvent? {
        while true {
            var frame = amqp_frame_t()
            let status = crabbitmq_receive(state, &frame)
            if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
            guard status == AMQP_STATUS_OK.rawValue else { throw Self.failure(status, endpoint) }
            // Everything is copied out of the frame before its memory goes.
            defer { amqp_maybe_release_buffers_on_channel(state, frame.channel) }
            if let event = try read(frame) { return event }
        }
    }

    private func read(_ frame: amqp_frame_t) throws(RabbitMQConnectionError) -> AMQPEvent? {
        switch frame.frame_type {
        case crabbitmq_frame_method:
            guard let decoded = frame.payload.method.decoded else { return nil }
            return try read(frame.payload.method.id, decoded, on: frame.channel)
        case crabbitmq_frame_header:
            return readHeader(frame)
        case crabbitmq_frame_body:
            return readBody(frame)
        default:
            return nil
        }
    }

    private func read(
        _ id: amqp_method_number_t, _ decoded: UnsafeMutableRawPointer, on channel: UInt16
    ) throws(RabbitMQConnectionError) -> AMQPEvent? {
        switch id {
        case crabbitmq_basic_deliver:
            let method = decoded.assumingMemoryBound(to: amqp_basic_deliver_t.self).pointee
            let delivery = AMQPDelivery(tag: method.delivery_tag, redelivered: method.redelivered != 0)
            incoming[channel] = .delivery(delivery, remaining: nil)
            return nil
        case crabbitmq_basic_return:
            incoming[channel] = .returned(correlation: nil, remaining: nil)
            return nil
        case crabbitmq_basic_ack:
            let method = decoded.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
            return .confirmed(
                channel: channel, method.delivery_tag, multiple: method.multiple != 0, accepted: true)
        case crabbitmq_basic_nack:
            let method = decoded.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
            return .confirmed(
                channel: channel, method.delivery_tag, multiple: method.multiple != 0, accepted: false)
        case crabbitmq_basic_cancel:
            return .cancelled(channel: channel)
        case crabbitmq_channel_close:
            let method = decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            incoming[channel] = nil
            return .closed(
                channel: channel, AMQPCloseReason(code: method.reply_code, text: String(copying: method.reply_text)))
        case crabbitmq_connection_close:
            let method = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            var answer = amqp_connection_close_ok_t()
            amqp_send_method(state, 0, crabbitmq_connection_close_ok, &answer)
            throw .lost(endpoint: endpoint, reason: String(copying: method.reply_text))
        case crabbitmq_connection_blocked:
            let method = decoded.assumingMemoryBound(to: amqp_connection_blocked_t.self).pointee
            return .blocked(String(copying: method.reason))
        case crabbitmq_connection_unblocked:
            return .unblocked
        case crabbitmq_queue_declare_ok:
            let method = decoded.assumingMemoryBound(to: amqp_queue_declare_ok_t.self).pointee
            return .reply(
                channel: channel,
                .declared(messages: Int(method.message_count), consumers: Int(method.consumer_count)))
        default:
            return .reply(channel: channel, .done)
        }
    }

    private func readHeader(_ frame: amqp_frame_t) -> AMQPEvent? {
        guard let message = incoming[frame.channel] else { return nil }
        let size = frame.payload.properties.body_size
        let properties = frame.payload.properties.decoded.map { decoded in
            Self.properties(decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee)
        }
        switch message {
        case .delivery(var delivery, _):
            delivery.properties = properties ?? AMQPProperties()
            delivery.body.reserveCapacity(Int(clamping: min(size, 1 << 20)))
            incoming[frame.channel] = .delivery(delivery, remaining: size)
        case .returned:
            incoming[frame.channel] = .returned(correlation: properties?.correlation, remaining: size)
        }
        return size == 0 ? finish(frame.channel) : nil
    }

    private func readBody(_ frame: amqp_frame_t) -> AMQPEvent? {
        let fragment = UnsafeRawBufferPointer(
            start: frame.payload.body_fragment.bytes, count: frame.payload.body_fragment.len)
        // Taken out while it grows: otherwise every fragment would copy the whole.
        switch incoming.removeValue(forKey: frame.channel) {
        case .delivery(var delivery, let remaining?):
            delivery.body.writeBytes(fragment)
            let left = remaining - min(remaining, UInt64(fragment.count))
            incoming[frame.channel] = .delivery(delivery, remaining: left)
            return left == 0 ? finish(frame.channel) : nil
        case .returned(let correlation, let remaining?):
            let left = remaining - min(remaining, UInt64(fragment.count))
            incoming[frame.channel] = .returned(correlation: correlation, remaining: left)
            return left == 0 ? finish(frame.channel) : nil
        default:
            return nil
        }
    }

    private func finish(_ channel: UInt16) -> AMQPEvent? {
        switch incoming.removeValue(forKey: channel) {
        case .delivery(let delivery, _): .delivery(channel: channel, delivery)
        case .returned(let correlation, _): .returned(channel: channel, correlation: correlation)
        case nil: nil
        }
    }

    private static func properties(_ decoded: amqp_basic_properties_t) -> AMQPProperties {
        var properties = AMQPProperties()
        if decoded._flags & crabbitmq_has_correlation_id != 0 {
            properties.correlation = UInt64(String(copying: decoded.correlation_id))
        }
        if decoded._flags & crabbitmq_has_type != 0 { properties.type = String(copying: decoded.type) }
        if decoded._flags & crabbitmq_has_message_id != 0 {
            properties.messageID = String(copying: decoded.message_id)
        }
        if decoded._flags & crabbitmq_has_headers != 0, let entries = decoded.headers.entries {
            for index in 0..<Int(decoded.headers.num_entries) {
                let entry = entries[index]
                if entry.value.kind == UInt8(AMQP_FIELD_KIND_I64.rawValue),
                    String(copying: entry.key) == "x-stream-offset"
                {
                    properties.streamOffset = UInt64(exactly: entry.value.value.i64)
                }
            }
        }
        return properties
    }
}
