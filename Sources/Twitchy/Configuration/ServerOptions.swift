import ArgumentParser

/// The options as they may be typed. Each is also an environment variable and a key of the configuration file.
struct ServerOptions: ParsableArguments {
    @Option(help: "A YAML file with any of these options as keys.")
    var config: String?

    @Option(help: "Folder of databases, segments and keys; belongs to one server process. (default: ./data)")
    var data: String?

    @Option(help: "Port for pages, REST and HLS; 0 picks a free one. (default: 8080)")
    var httpPort: String?

    @Option(help: "Port for RTMP. (default: 1935)")
    var rtmpPort: String?

    @Option(help: "Port for RTMP over TLS; opened when there is a certificate. (default: 1936)")
    var rtmpsPort: String?

    @Option(help: "Port for Icecast sources and HTTP push, plain and with a certificate also TLS. (default: 8000)")
    var icecastPort: String?

    @Option(help: "Port for /healthz, /readyz and /metrics. (default: 9100)")
    var adminPort: String?

    @Option(help: "Address of the admin port. (default: 127.0.0.1)")
    var adminBind: String?

    @Option(help: "Address of the public ports. (default: 127.0.0.1)")
    var bind: String?

    @Option(help: "Address that links begin with, such as https://radio.example. (default: links are relative)")
    var publicUrl: String?

    @Option(help: "Addresses of proxies whose X-Forwarded-For counts, such as 10.0.0.0/8,::1.")
    var trustedProxies: String?

    @Option(help: "PEM file of the certificate chain for encoders; read again when it changes. (default: no TLS)")
    var tlsCertificate: String?

    @Option(help: "PEM file of the certificate's private key.")
    var tlsKey: String?

    @Option(help: "Connections at a time. (default: what the limit of file descriptors leaves, at most 65536)")
    var maxConnections: String?

    @Option(help: "Port for chat over IRC; nothing listens there yet. (default: 6667)")
    var ircPort: String?

    @Option(help: "sqlite: for files in --data, or postgres://USER:PASSWORD@HOST/DATABASE. (default: sqlite:)")
    var databaseUrl: String?

    @Option(help: "RabbitMQ: amqp://USER:PASSWORD@HOST:5672/VHOST or amqps://… (default: the bus in the process)")
    var amqpUrl: String?

    @Option(help: "file:FOLDER or s3://BUCKET?endpoint=URL&region=REGION for segments. (default: file: in --data)")
    var segmentStore: String?

    @Option(help: "low, or standard: playlists without parts. (default: low)")
    var latency: String?

    @Option(help: "Renditions: aac:RATE, opus:RATE (kbit/s) and flac. (default: aac:64,aac:128,aac:256)")
    var ladder: String?

    @Option(help: "Streams that are transcoded at the same time. (default: cores × 8)")
    var slots: String?

    @Option(help: "Event loops, each with a thread, for connections. (default: cores)")
    var eventLoops: String?

    @Option(help: "How far listeners may rewind, such as 30m or 2h. (default: 2h)")
    var dvr: String?

    @Option(help: "How long recordings are kept, such as 30d. (default: for good)")
    var keepRecordings: String?

    @Option(help: "Bytes that all streams may take, such as 50GB; the oldest recordings go first. (default: no bound)")
    var recordingQuota: String?

    @Option(help: "Bytes that the streams of one channel may take, such as 10GB. (default: no bound)")
    var channelQuota: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical. (default: info)")
    var logLevel: String?

    @Flag(help: "Make channel demo with stream key demo-key; on loopback only.")
    var demo = false

    @Flag(help: "Let serve end when it dies, where systemd or a container starts it again.")
    var noSupervise = false

    /// What was typed, by option name.
    var typed: [String: String] {
        var values: [String: String] = [:]
        values["data"] = data
        values["http-port"] = httpPort
        values["rtmp-port"] = rtmpPort
        values["rtmps-port"] = rtmpsPort
        values["icecast-port"] = icecastPort
        values["admin-port"] = adminPort
        values["admin-bind"] = adminBind
        values["bind"] = bind
        values["public-url"] = publicUrl
        values["trusted-proxies"] = trustedProxies
        values["tls-certificate"] = tlsCertificate
        values["tls-key"] = tlsKey
        values["max-connections"] = maxConnections
        values["irc-port"] = ircPort
        values["database-url"] = databaseUrl
        values["amqp-url"] = amqpUrl
        values["segment-store"] = segmentStore
        values["latency"] = latency
        values["ladder"] = ladder
        values["slots"] = slots
        values["event-loops"] = eventLoops
        values["dvr"] = dvr
        values["keep-recordings"] = keepRecordings
        values["recording-quota"] = recordingQuota
        values["channel-quota"] = channelQuota
        values["log-level"] = logLevel
        if noSupervise { values["no-supervise"] = "true" }
        if demo { values["demo"] = "true" }
        return values
    }

    /// For the help of commands that do not list them again.
    static let areSaidElsewhere = "Takes the options of `twitchy serve`, which `twitchy serve --help` lists."

    static let names = [
        "data", "http-port", "rtmp-port", "rtmps-port", "icecast-port", "admin-port", "admin-bind", "bind",
        "public-url", "trusted-proxies", "tls-certificate", "tls-key", "max-connections", "irc-port", "database-url",
        "amqp-url", "segment-store", "latency", "ladder", "slots", "event-loops", "dvr", "keep-recordings",
        "recording-quota", "channel-quota", "log-level", "demo", "no-supervise",
    ]
}
