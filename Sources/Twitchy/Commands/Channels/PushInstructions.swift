import Foundation

/// A channel and its key in the words that encoders ask for, to be pasted.
struct PushInstructions {
    let channel: String
    let key: String
    let target: AdministrationTarget

    var text: String {
        let rtmp = "rtmp://\(pushHost):\(port(configuration.rtmpPort))/live"
        var lines = [
            "channel    \(channel)", "stream key \(key)",
            "page       \(configuration.publicURL ?? "http://\(local):\(port(configuration.httpPort))")/\(channel)",
            "RTMP, OBS  \(rtmp)",
        ]
        if let secure = target.server.map(\.rtmpsPort) ?? (configuration.tls == nil ? nil : configuration.rtmpsPort) {
            lines.append("with TLS   rtmps://\(pushHost):\(port(secure))/live")
        }
        lines += [
            "Icecast    host \(pushHost), port \(port(configuration.icecastPort)), mount /\(channel), user source, password \(key)",
            "ffmpeg     ffmpeg -re -i FILE -vn -c:a aac -b:a 192k -f flv \(rtmp)/\(key)",
        ]
        return lines.joined(separator: "\n")
    }

    private var configuration: Configuration { target.configuration }
    private var local: String { LocalAddress.host(of: configuration.bind) }

    /// The public name, unless only this machine can push.
    private var pushHost: String {
        guard !Configuration.isLoopback(configuration.bind),
            let url = configuration.publicURL.flatMap(URL.init(string:)),
            let host = url.host
        else { return local }
        return host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
    }

    /// A server that is to pick a free one has not picked it yet.
    private func port(_ number: Int) -> String { number == 0 ? "PORT" : "\(number)" }
}
