import Foundation

/// A blocking connection to a port of this machine.
final class TCPConnection {
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    private var position = 0

    /// - Parameter local: an address of this machine to come from.
    init(port: Int, from local: String = "127.0.0.1", timeoutSeconds: Int = 30) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure("no socket: \(Self.reason)") }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            var time = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
        func with(_ host: String, _ port: Int, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = inet_addr(host)
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        let descriptor = descriptor
        var code = local == "127.0.0.1" ? 0 : with(local, 0) { bind(descriptor, $0, $1) }
        if code == 0 { code = with("127.0.0.1", port) { connect(descriptor, $0, $1) } }
        guard code == 0 else {
            let reason = Self.reason
            close()
            throw TestFailure("no connection to port \(port): \(reason)")
        }
    }

    deinit { close() }

    func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Closes with a reset instead of an end.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func write(_ text: String) throws { try write(Array(text.utf8)) }

    func write(_ bytes: some Collection<UInt8>) throws {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw TestFailure("cannot write: \(Self.reason)") }
            sent += count
        }
    }

    /// The next byte, nil at the end.
    func readByte() throws -> UInt8? {
        if position == buffer.count {
            buffer = [UInt8](repeating: 0, count: 65536)
            position = 0
            let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard count >= 0 else {
                let reason = Self.reason
                buffer = []
                throw TestFailure("cannot read: \(reason)")
            }
            buffer.removeLast(buffer.count - count)
            if count == 0 { return nil }
        }
        defer { position += 1 }
        return buffer[position]
    }

    func readLine() throws -> String? {
        var line: [UInt8] = []
        while let byte = try readByte() {
            if byte == UInt8(ascii: "\n") {
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                return String(decoding: line, as: UTF8.self)
            }
            line.append(byte)
        }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }

    /// Exactly so many bytes.
    func read(_ count: Int) throws -> Data {
        var data = Data()
        while data.count < count {
            guard let byte = try readByte() else { throw TestFailure("\(count - data.count) bytes are missing") }
            data.append(byte)
            let more = min(count - data.count, buffer.count - position)
            data.append(contentsOf: buffer[position..<position + more])
            position += more
        }
        return data
    }

    /// Everything until the peer closes.
    func readToEnd() throws -> Data {
        var data = Data()
        while let byte = try readByte() { data.append(byte) }
        return data
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
