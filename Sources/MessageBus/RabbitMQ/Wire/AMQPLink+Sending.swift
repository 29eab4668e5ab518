internal import CRabbitMQ
import NIOCore

extension AMQPLink {
    func send(_ request: AMQPRequest, on channel: UInt16) throws(RabbitMQConnectionError) {
        defer { arena.recycle() }
        switch request {
        case .openChannel:
            var method = amqp_channel_open_t()
            try send(crabbitmq_channel_open, &method, on: channel)
        case .closeChannel:
            var method = amqp_channel_close_t()
            method.reply_code = UInt16(crabbitmq_reply_success)
            try send(crabbitmq_channel_close, &method, on: channel)
        case .closeChannelOK:
            var method = amqp_channel_close_ok_t()
            try send(crabbitmq_channel_close_ok, &method, on: channel)
        case .selectConfirms:
            var method = amqp_confirm_select_t()
            try send(crabbitmq_confirm_select, &method, on: channel)
        case .declareTopicExchange(let name):
            var method = amqp_exchange_declare_t()
            method.exchange = arena.bytes(name)
            method.type = arena.bytes("topic")
            method.durable = 1
            try send(crabbitmq_exchange_declare, &method, on: channel)
        case .declareQueue(let queue):
            var method = amqp_queue_declare_t()
            method.queue = arena.bytes(queue.name)
            method.durable = queue.durable ? 1 : 0
            method.exclusive = queue.exclusive ? 1 : 0
            method.auto_delete = queue.autoDelete ? 1 : 0
            method.arguments = arena.table(queue.arguments)
            try send(crabbitmq_queue_declare, &method, on: channel)
        case .declareQueuePassively(let name):
            var method = amqp_queue_declare_t()
            method.queue = arena.bytes(name)
            method.passive = 1
            try send(crabbitmq_queue_declare, &method, on: channel)
        case .deleteQueue(let name):
            var method = amqp_queue_delete_t()
            method.queue = arena.bytes(name)
            try send(crabbitmq_queue_delete, &method, on: channel)
        case .bind(let queue, let exchange, let topic):
            var method = amqp_queue_bind_t()
            method.queue = arena.bytes(queue)
            method.exchange = arena.bytes(exchange)
            method.routing_key = arena.bytes(topic)
            try send(crabbitmq_queue_bind, &method, on: channel)
        case .unbind(let queue, let exchange, let topic):
            var method = amqp_queue_unbind_t()
            method.queue = arena.bytes(queue)
            method.exchange = arena.bytes(exchange)
            method.routing_key = arena.bytes(topic)
            try send(crabbitmq_queue_unbind, &method, on: channel)
        case .limitPrefetch(let count):
            var method = amqp_basic_qos_t()
            method.prefetch_count = UInt16(clamping: count)
            try send(crabbitmq_basic_qos, &method, on: channel)
        case .consume(let queue, let arguments):
            var method = amqp_basic_consume_t()
            method.queue = arena.bytes(queue)
            method.arguments = arena.table(arguments)
            try send(crabbitmq_basic_consume, &method, on: channel)
        case .acknowledge(let tag, let multiple):
            var method = amqp_basic_ack_t(delivery_tag: tag, multiple: multiple ? 1 : 0)
            try send(crabbitmq_basic_ack, &method, on: channel)
        case .reject(let tag, let requeue):
            var method = amqp_basic_nack_t(delivery_tag: tag, multiple: 0, requeue: requeue ? 1 : 0)
            try send(crabbitmq_basic_nack, &method, on: channel)
        }
    }

    /// Publishes; whether the broker has it comes back as a confirmation.
    func publish(
        exchange: String, routingKey: String, mandatory: Bool, _ properties: AMQPProperties, _ body: ByteBuffer,
        on channel: UInt16
    ) throws(RabbitMQConnectionError) {
        defer { arena.recycle() }
        var encoded = amqp_basic_properties_t()
        encoded._flags = crabbitmq_has_delivery_mode
        encoded.delivery_mode = properties.persistent ? 2 : 1
        if let correlation = properties.correlation {
            encoded._flags |= crabbitmq_has_correlation_id
            encoded.correlation_id = arena.bytes(String(correlation))
        }
        if let type = properties.type {
            encoded._flags |= crabbitmq_has_type
            encoded.type = arena.bytes(type)
        }
        if let messageID = properties.messageID {
            encoded._flags |= crabbitmq_has_message_id
            encoded.message_id = arena.bytes(messageID)
        }
        let (exchange, routingKey) = (arena.bytes(exchange), arena.bytes(routingKey))
        let status = body.withUnsafeReadableBytes { bytes in
            // The library only reads the body, though its type does not say so.
            let body = amqp_bytes_t(len: bytes.count, bytes: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            return amqp_basic_publish(state, channel, exchange, routingKey, mandatory ? 1 : 0, 0, &encoded, body)
        }
        guard status == AMQP_STATUS_OK.rawValue else { throw Self.failure(status, endpoint) }
    }

    private func send(
        _ id: amqp_method_number_t, _ method: UnsafeMutableRawPointer, on channel: UInt16
    ) throws(RabbitMQConnectionError) {
        let status = amqp_send_method(state, channel, id, method)
        guard status == AMQP_STATUS_OK.rawValue else { throw Self.failure(status, endpoint) }
    }
}
