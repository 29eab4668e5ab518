import NIOCore

extension BrokerState {
    mutating func declareLog(_ name: String, _ options: LogOptions) throws(BusError) {
        try BusValidation.checkName(name)
        try BusValidation.check(options)
        guard queues[name] == nil, logs[name]?.options ?? options == options else { throw .declaredDifferently(name) }
        if logs[name] == nil { logs[name] = LogState(options: options) }
    }

    mutating func deleteLog(_ name: String) {
        guard logs.removeValue(forKey: name) != nil else { return }
        for reader in readers.filter({ $0.value.log == name }).keys { end(reader, .noSuchLog(name)) }
    }

    mutating func append(_ payload: ByteBuffer, to log: String, now: Duration) throws(BusError) {
        guard logs[log] != nil else { throw .noSuchLog(log) }
        guard logs[log]?.append(payload, now: now) == true else { throw .full(log) }
        let waiting = logs[log]?.waiting ?? []
        logs[log]?.waiting = []
        for reader in waiting { serve(reader, from: log) }
    }

    mutating func read(_ log: String, from start: LogStart, client: ClientID) throws(BusError) -> ReaderID {
        guard let state = logs[log] else { throw .noSuchLog(log) }
        guard let position = state.position(of: start) else { throw .otherLog(log) }
        let id = ReaderID(number: newNumber())
        readers[id] = Reader(log: log, client: client, state: ReaderState(position: position, end: state.endOffset))
        return id
    }

    // MARK: One reader

    mutating func next(of reader: ReaderID) -> Next<LogReading> {
        guard let record = readers[reader] else { return .ended(nil) }
        if let end = record.end { return .ended(end.error) }
        if let reading = advance(reader) { return .element(reading) }
        return .wait(WaiterID(number: newNumber()))
    }

    mutating func add(
        _ waiter: WaiterID, _ continuation: CheckedContinuation<LogReading?, any Error>, to reader: ReaderID
    ) {
        guard let log = readers[reader]?.log else { return }
        readers[reader]?.waiters.add(waiter, continuation)
        logs[log]?.waiting.insert(reader)
    }

    mutating func remove(
        _ waiter: WaiterID, from reader: ReaderID
    ) -> CheckedContinuation<LogReading?, any Error>? {
        guard let log = readers[reader]?.log else { return nil }
        let continuation = readers[reader]?.waiters.remove(waiter)
        if readers[reader]?.waiters.isEmpty == true { logs[log]?.waiting.remove(reader) }
        return continuation
    }

    mutating func end(_ reader: ReaderID, _ error: BusError? = nil) {
        guard let record = readers[reader], record.end == nil else { return }
        readers[reader]?.end = End(error: error)
        logs[record.log]?.waiting.remove(reader)
        for continuation in readers[reader]?.waiters.removeAll() ?? [] {
            wakes.append(.reading(continuation, error.map { .failure($0) } ?? .success(nil)))
        }
    }

    private mutating func advance(_ reader: ReaderID) -> LogReading? {
        guard let log = readers[reader]?.log, let state = logs[log] else { return nil }
        return readers[reader]?.state.advance(in: state)
    }

    private mutating func serve(_ reader: ReaderID, from log: String) {
        while readers[reader]?.waiters.isEmpty == false, let reading = advance(reader),
            let continuation = readers[reader]?.waiters.removeFirst()
        {
            wakes.append(.reading(continuation, .success(reading)))
        }
        if readers[reader]?.waiters.isEmpty == false { logs[log]?.waiting.insert(reader) }
    }
}
