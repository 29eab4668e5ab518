import NIOCore
import Synchronization

/// A ``MessageBus`` on RabbitMQ 3.10 or later, over AMQP 0-9-1.
///
/// Connects in the background and stays connected: after a loss what this client declared is declared again, and what
/// the broker has not confirmed is submitted again, in order and before anything newer (so it may arrive twice).
/// Consumers and readers of a lost connection end with ``BusError/disconnected(_:)``; open new ones.
public final class RabbitMQMessageBus: MessageBus {
    let configuration: RabbitMQConfiguration
    let topology = DeclaredTopology()
    let outgoing: OutgoingMessages
    let states: ConnectionStates
    let publishing: BusConnection
    let consuming: BusConnection
    let queues: BusConnection
    /// The exclusive subscriptions of this client, by name. To the broker they are its own, and not exclusive to it.
    let exclusiveNames = Mutex<[String: UInt64]>([:])
    /// The sizes of the logs that this client declared.
    let logSizes = Mutex<[String: Int]>([:])
    private let lastOwner = Atomic<UInt64>(0)
    private let ending = Mutex<Task<Void, Never>?>(nil)

    /// Starts to connect.
    /// - Parameter onStateChange: told of every change of a connection, in order for each, on its thread: must not
    ///   wait. For logs and metrics; ``connectionStates`` is there to be asked.
    public init(
        _ configuration: RabbitMQConfiguration,
        onStateChange: @escaping @Sendable (RabbitMQConnectionRole, RabbitMQConnectionState) -> Void = { _, _ in }
    ) {
        self.configuration = configuration
        let outgoing = OutgoingMessages(configuration)
        let states = ConnectionStates(onStateChange)
        self.outgoing = outgoing
        self.states = states
        let topology = topology
        func connection(_ role: RabbitMQConnectionRole) -> BusConnection {
            BusConnection(role, configuration, topology, outgoing: role == .publishing ? outgoing : nil) { state in
                states.set(state, of: role)
            }
        }
        publishing = connection(.publishing)
        consuming = connection(.consuming)
        queues = connection(.queues)
    }

    deinit {
        for connection in [publishing, consuming, queues] { connection.requestStop() }
    }

    /// How each connection stands.
    public var connectionStates: [RabbitMQConnectionRole: RabbitMQConnectionState] { states.current }

    /// Waits until all connections stand. For a start that should fail clearly; nothing else needs it.
    /// - Throws: ``RabbitMQConnectionError``, the first failure of any of them; they go on trying.
    public func waitUntilConnected() async throws {
        try await states.waitUntilConnected()
    }

    public var losses: UInt64? { outgoing.losses }

    public func shutdown() async {
        let task = ending.withLock { ending in
            if let ending { return ending }
            states.shutDown()
            let (timeout, connections) = (configuration.shutdownTimeout, [publishing, consuming, queues])
            let task = Task {
                await withTaskGroup { group in
                    for connection in connections { group.addTask { await connection.stop(within: timeout) } }
                }
            }
            ending = task
            return task
        }
        await task.value
    }

    func newOwner() -> UInt64 {
        lastOwner.wrappingAdd(1, ordering: .relaxed).newValue
    }

    func checkRunning() throws(BusError) {
        guard !states.isShutDown else { throw .shutDown }
    }

    /// Runs requests on the connection for declarations, and answers with the last reply.
    func perform(
        _ requests: [AMQPRequest], _ error: @escaping @Sendable (ChannelEnd) -> BusError
    ) async throws -> AMQPReply {
        try checkRunning()
        let result = try await consuming.perform(within: configuration.operationTimeout) {
            (session, answer: Answer<Result<AMQPReply, ChannelEndError>>) in
            session.perform(requests) { answer.settle(.success($0)) }
        }
        return try result.mapError { error($0.end) }.get()
    }

    func publish(
        _ body: ByteBuffer, to target: OutgoingMessage.Target, _ properties: AMQPProperties = AMQPProperties(),
        concern: OutgoingMessage.Concern = .nextSend
    ) throws(BusError) {
        try checkRunning()
        guard body.readableBytes <= Self.maximumMessageBytes else { throw .full(target.name) }
        guard target.name.utf8.count <= BusValidation.maximumNameBytes else { throw target.missing }
        let message = OutgoingMessage(target: target, properties: properties, body: body, concern: concern)
        if try outgoing.add(message) { publishing.wakeUp.signal() }
    }

    /// RabbitMQ's default bound; a larger message would cost the channel.
    static let maximumMessageBytes = 128 << 20
}
