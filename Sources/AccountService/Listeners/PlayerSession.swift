import Crypto
import Events
import HTTPService
import Persistence

/// Signs the names by which our own players tell that somebody listens, so that nobody can make them up. A session is
/// good for a day, at the address that it was given to (IPv6: the /64).
///
/// The key is in the service's database: any process of the service knows what another has signed.
struct PlayerSessions: Sendable {
    static let validity = Duration.seconds(24 * 3600)

    private let key: SymmetricKey

    private static let codeLength = 16
    private static let length = 8 + 8 + codeLength

    init(key: SymmetricKey) {
        self.key = key
    }

    /// A new session as text: 64 hexadecimal digits.
    func make(
        for address: IPAddress, at now: Timestamp, using generator: inout some RandomNumberGenerator
    ) -> String {
        let end = now.advanced(by: Self.validity).milliseconds
        let content = Self.bytes(generator.next()) + Self.bytes(UInt64(bitPattern: end))
        return (content + code(of: content, address)).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 0xF, radix: 16)
        }.joined()
    }

    /// What tells the session from others; nil for one that was not signed here, was given to another address, or is
    /// over.
    func name(of text: String, from address: IPAddress, at now: Timestamp) -> Int? {
        guard let bytes = Self.decode(text) else { return nil }
        let content = Array(bytes.prefix(16))
        // No early end: how long it takes says nothing about the right code.
        let difference = zip(bytes.suffix(Self.codeLength), code(of: content, address)).reduce(UInt8(0)) {
            $0 | ($1.0 ^ $1.1)
        }
        let end = Int64(bitPattern: Self.number(content.suffix(8)))
        guard difference == 0, now.milliseconds < end else { return nil }
        return Int(truncatingIfNeeded: Self.number(content.prefix(8)))
    }

    private func code(of content: [UInt8], _ address: IPAddress) -> [UInt8] {
        let host = address.host
        let signed = Array("player session".utf8) + content + Self.bytes(host.high) + Self.bytes(host.low)
        return Array(HMAC<SHA256>.authenticationCode(for: signed, using: key).prefix(Self.codeLength))
    }

    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    private static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count == 2 * length else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

extension PlayerSessions {
    private static let keyName = "player sessions"

    /// The key of this database, made by whoever asks first.
    static func stored(in connection: any SQLConnection) throws -> PlayerSessions {
        let select = "SELECT value FROM secrets WHERE name = ?"
        let name = SQLValue.text(keyName)
        var row = try connection.queryOne(select, [name])
        if row == nil {
            let made = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
            try connection.execute(
                "INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", [name, .blob(made)])
            row = try connection.queryOne(select, [name])
        }
        guard let row else { throw SQLError(.other, "the key of player sessions was not stored") }
        let bytes: [UInt8] = try row["value"]
        return PlayerSessions(key: SymmetricKey(data: bytes))
    }
}
