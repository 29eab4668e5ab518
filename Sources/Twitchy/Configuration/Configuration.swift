import AudioTimeline
import Foundation
import HTTPService
import Logging
import NIOCore
import TLS

/// What the server runs with: arguments before environment before file before defaults.
struct Configuration {
    var data = "./data"
    var httpPort = 8080
    var rtmpPort = 1935
    /// Opened when there is a certificate.
    var rtmpsPort = 1936
    var icecastPort = 8000
    var adminPort = 9100
    var adminBind = "127.0.0.1"
    var bind = "127.0.0.1"
    var publicURL: String?
    /// nil: no TLS.
    var tls: TLSFiles?
    var trustedProxies = TrustedProxies.none
    /// nil: what file descriptors and memory allow.
    var maximumConnections: Int?
    var segments = SegmentLocation.files(nil)
    /// nil: SQLite files in the data folder. Holds a password.
    var databaseURL: String?
    /// nil: the bus in the process. Holds a password.
    var amqpURL: String?
    var isLowLatency = true
    var ladder = Ladder.standard
    var slots = ProcessInfo.processInfo.activeProcessorCount * 8
    var eventLoops = System.coreCount
    var dvr = Duration.seconds(7200)
    /// nil: for good.
    var keepRecordings: Duration?
    /// Bytes; nil: no bound.
    var recordingQuota: Int64?
    var channelQuota: Int64?
    var logLevel = Logger.Level.info
    var demo = false
    /// Whether `serve` is started again when it dies.
    var isSupervised = true
    /// What somebody named; everything else is a default.
    let given: Set<String>

    init(_ options: ServerOptions, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        let path = options.config ?? environment[OptionVariables.config]
        var values = try path.map(ConfigurationFile.read) ?? [:]
        values.merge(try OptionVariables.values(in: environment)) { _, variable in variable }
        values.merge(options.typed) { _, typed in typed }
        given = Set(values.keys)
        for name in ServerOptions.names {
            if let value = values[name] { try set(name, value) }
        }
        switch (values["tls-certificate"], values["tls-key"]) {
        case (nil, nil): break
        case (let certificate?, let key?): tls = TLSFiles(certificate: certificate, key: key)
        case (_?, nil): throw Failure(code: Failure.usage, description: "--tls-certificate needs --tls-key")
        case (nil, _?): throw Failure(code: Failure.usage, description: "--tls-key needs --tls-certificate")
        }
        if demo, !Self.isLoopback(bind) {
            throw Failure(
                code: Failure.usage,
                description: "--demo makes a key that everybody knows: use it with a loopback --bind")
        }
    }

    private mutating func set(_ name: String, _ value: String) throws {
        func refuse(_ reason: String) -> Failure {
            Failure(code: Failure.usage, description: "--\(name): \(reason)")
        }
        func port() throws -> Int {
            guard let port = Int(value), (0...65535).contains(port) else {
                throw refuse("\"\(value)\" is not a port between 0 and 65535")
            }
            return port
        }
        func address() throws -> String {
            guard value == "localhost" || IPAddress(value) != nil else {
                throw refuse("\"\(value)\" is not an address such as 127.0.0.1 or ::")
            }
            return value
        }
        func flag() throws -> Bool {
            guard let flag = ["true": true, "1": true, "yes": true, "false": false, "0": false, "no": false][value]
            else { throw refuse("\"\(value)\" is neither true nor false") }
            return flag
        }
        func bytes() throws -> Int64 {
            guard let bytes = ByteCount(value)?.bytes else { throw refuse("\"\(value)\" is not a size such as 50GB") }
            guard bytes >= Self.leastQuota else {
                throw refuse("\"\(value)\" is \(bytes) bytes, less than a minute of audio: give a unit, as in 50GB")
            }
            return bytes
        }
        switch name {
        case "data":
            guard !value.isEmpty else { throw refuse("name a folder") }
            data = value
        case "http-port": httpPort = try port()
        case "rtmp-port": rtmpPort = try port()
        case "rtmps-port": rtmpsPort = try port()
        case "icecast-port": icecastPort = try port()
        case "admin-port": adminPort = try port()
        case "admin-bind": adminBind = try address()
        case "bind": bind = try address()
        case "public-url":
            guard let url = URL(string: value), url.host != nil, ["http", "https"].contains(url.scheme) else {
                throw refuse("\"\(value)\" is not an address such as https://radio.example")
            }
            publicURL = value.hasSuffix("/") ? String(value.dropLast()) : value
        case "trusted-proxies":
            trustedProxies = TrustedProxies(
                try value.split(separator: ",").map { text in
                    guard let range = AddressRange(text) else { throw refuse("\"\(text)\" is not an address range") }
                    return range
                })
        case "max-connections":
            guard let number = Int(value), (16...1_000_000).contains(number) else {
                throw refuse("\"\(value)\" is not a number between 16 and 1000000")
            }
            maximumConnections = number
        case "irc-port": _ = try port()
        case "database-url":
            guard value != "sqlite:" else { break }
            guard value.hasPrefix("postgres://") || value.hasPrefix("postgresql://") else {
                throw refuse("neither sqlite: nor a URL such as postgres://USER:PASSWORD@HOST/DATABASE")
            }
            databaseURL = value
        case "amqp-url":
            guard value.hasPrefix("amqp://") || value.hasPrefix("amqps://") else {
                throw refuse("not a URL such as amqp://USER:PASSWORD@HOST:5672/VHOST")
            }
            amqpURL = value
        case "segment-store":
            do {
                segments = try SegmentLocation(parsing: value)
            } catch {
                throw refuse(error.description)
            }
        case "latency":
            guard ["low", "standard"].contains(value) else { throw refuse("\"\(value)\" is neither low nor standard") }
            isLowLatency = value == "low"
        case "ladder":
            do {
                ladder = try Ladder(parsing: value)
            } catch {
                throw refuse(error.description)
            }
        case "slots":
            guard let number = Int(value), (1...10_000).contains(number) else {
                throw refuse("\"\(value)\" is not a number between 1 and 10000")
            }
            slots = number
        case "event-loops":
            guard let number = Int(value), (1...1024).contains(number) else {
                throw refuse("\"\(value)\" is not a number between 1 and 1024")
            }
            eventLoops = number
        case "dvr":
            guard let window = Self.duration(value) else {
                throw refuse("\"\(value)\" is not a time such as 30m or 2h")
            }
            dvr = window
        case "keep-recordings":
            guard let time = Self.duration(value) else { throw refuse("\"\(value)\" is not a time such as 30d") }
            keepRecordings = time
        case "recording-quota": recordingQuota = try bytes()
        case "channel-quota": channelQuota = try bytes()
        case "log-level":
            guard let level = Logger.Level(rawValue: value) else { throw refuse("\"\(value)\" is not a log level") }
            logLevel = level
        case "demo": demo = try flag()
        case "no-supervise": isSupervised = try !flag()
        default: break
        }
    }

    /// Below that, a number without its unit is likelier than an intention.
    private static let leastQuota: Int64 = 1_000_000

    private static func duration(_ text: String) -> Duration? {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let last = text.last, let unit = units[last], let number = Int(text.dropLast()), number > 0,
            number <= 36_500
        else { return nil }
        return .seconds(number * unit)
    }

    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}
