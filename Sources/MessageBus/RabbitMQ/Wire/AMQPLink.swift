internal import CRabbitMQ

/// One connection of librabbitmq, which is not thread-safe: it is made, used and closed by one thread.
///
/// Reading never waits. Writing waits while the broker takes nothing; ``AMQPSocket/abort()`` ends that.
final class AMQPLink {
    /// Time for the name to be resolved, the connection to be made and the broker to greet.
    private static let handshakeSeconds: Int32 = 5
    /// Time for the broker's farewell.
    private static let farewellSeconds: Int32 = 1

    let state: amqp_connection_state_t
    let endpoint: String
    let socket: AMQPSocket
    var arena = AMQPArena()
    /// By channel: the message whose header or body is still to come.
    var incoming: [UInt16: IncomingMessage] = [:]

    var descriptor: Int32 { socket.descriptor }
    var maximumChannels: UInt16 { UInt16(clamping: amqp_get_channel_max(state)) }

    /// Connects and logs in.
    /// - Parameters:
    ///   - name: by which operators know the connection.
    ///   - heartbeatSeconds: either side is taken for dead after two to three of these without a sign of life.
    init(
        _ configuration: RabbitMQConfiguration, name: String, heartbeatSeconds: Int
    ) throws(RabbitMQConnectionError) {
        endpoint = configuration.endpoint
        guard let state = amqp_new_connection() else { throw .lost(endpoint: endpoint, reason: "out of memory") }
        do throws(RabbitMQConnectionError) {
            try Self.open(state, configuration)
            try Self.logIn(state, configuration, name: name, heartbeatSeconds: heartbeatSeconds)
        } catch {
            amqp_destroy_connection(state)
            throw error
        }
        self.state = state
        socket = AMQPSocket(descriptor: amqp_get_sockfd(state))
    }

    /// Says farewell if the connection still stands, and frees everything.
    func close(inOrder: Bool) {
        if inOrder { amqp_connection_close(state, crabbitmq_reply_success) }
        socket.forget()
        amqp_destroy_connection(state)
    }

    private static func open(
        _ state: amqp_connection_state_t, _ configuration: RabbitMQConfiguration
    ) throws(RabbitMQConnectionError) {
        let endpoint = configuration.endpoint
        crabbitmq_set_timeouts(state, handshakeSeconds, farewellSeconds)
        let socket = configuration.tls == nil ? amqp_tcp_socket_new(state) : amqp_ssl_socket_new(state)
        guard let socket else { throw .lost(endpoint: endpoint, reason: "out of memory") }
        if let tls = configuration.tls {
            let file = try tls.authorityFile(endpoint)
            guard amqp_ssl_socket_set_cacert(socket, file) == AMQP_STATUS_OK.rawValue else {
                throw .untrusted(endpoint: endpoint, reason: "no certificates can be read from \(file)")
            }
            amqp_ssl_socket_set_verify_peer(socket, 1)
            amqp_ssl_socket_set_verify_hostname(socket, 1)
            amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST)
        }
        let status = crabbitmq_open(socket, configuration.host, Int32(configuration.port), handshakeSeconds)
        guard status == AMQP_STATUS_OK.rawValue else { throw failure(status, endpoint) }
    }

    private static func logIn(
        _ state: amqp_connection_state_t, _ configuration: RabbitMQConfiguration, name: String, heartbeatSeconds: Int
    ) throws(RabbitMQConnectionError) {
        var arena = AMQPArena()
        // Without these the broker says nothing when it deletes a queue under a consumer, runs out of memory, or does
        // not know a password.
        let capabilities = [
            "authentication_failure_close", "basic.nack", "connection.blocked", "consumer_cancel_notify",
            "publisher_confirms",
        ]
        var properties = arena.table([
            "product": .text("Twitchy"), "connection_name": .text(name),
            "capabilities": .table(Dictionary(uniqueKeysWithValues: capabilities.map { ($0, .flag(true)) })),
        ])
        let reply = crabbitmq_login(
            state, configuration.virtualHost, Int32(heartbeatSeconds), &properties, configuration.user,
            configuration.password)
        guard reply.reply_type != AMQP_RESPONSE_NORMAL else { return }
        let endpoint = configuration.endpoint
        guard reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION, reply.reply.id == crabbitmq_connection_close,
            let decoded = reply.reply.decoded
        else { throw failure(reply.library_error, endpoint) }
        let close = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
        let text = String(copying: close.reply_text)
        // 403 is the answer to credentials, 530 to a virtual host that is not there or not for this user (§1.5.2.5).
        switch close.reply_code {
        case 403: throw .refusedCredentials(endpoint: endpoint)
        case 530: throw .refusedVirtualHost(endpoint: endpoint, name: configuration.virtualHost)
        default: throw .lost(endpoint: endpoint, reason: text)
        }
    }

    static func failure(_ status: Int32, _ endpoint: String) -> RabbitMQConnectionError {
        let reason = amqp_error_string2(status).map { String(cString: $0) } ?? "error \(status)"
        switch status {
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED.rawValue, AMQP_STATUS_SSL_PEER_VERIFY_FAILED.rawValue,
            AMQP_STATUS_SSL_CONNECTION_FAILED.rawValue, AMQP_STATUS_SSL_ERROR.rawValue:
            return .untrusted(endpoint: endpoint, reason: reason)
        case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED.rawValue, AMQP_STATUS_SOCKET_ERROR.rawValue,
            AMQP_STATUS_TCP_ERROR.rawValue, AMQP_STATUS_TIMEOUT.rawValue:
            return .unreachable(endpoint: endpoint, reason: reason)
        default: return .lost(endpoint: endpoint, reason: reason)
        }
    }
}

extension String {
    init(copying bytes: amqp_bytes_t) {
        self.init(decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), as: UTF8.self)
    }
}
