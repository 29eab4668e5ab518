import AudioTimeline
import Foundation
import Logging

/// Says where to push and where to listen: as a few lines on a terminal, as one log line otherwise.
struct Greeting {
    let configuration: Configuration
    let roles: Set<Role>
    let ports: Listeners.Ports
    /// How many servers of this supervisor died before.
    let restarts: Int

    func say(_ logger: Logger) {
        var metadata: Logger.Metadata = ["roles": "\(roles.map(\.rawValue).sorted().joined(separator: " "))"]
        let opened = [
            ("http.port", ports.http), ("rtmp.port", ports.rtmp), ("rtmps.port", ports.rtmps),
            ("icecast.port", ports.icecast), ("admin.port", ports.admin),
        ]
        for case (let name, let port?) in opened { metadata[name] = "\(port)" }
        if roles.contains(.ingest) || roles.contains(.transcoder) {
            metadata["ladder"] = "\(configuration.ladder.text)"
        }
        if restarts > 0 { metadata["restarts"] = "\(restarts)" }
        logger.info("Serving", metadata: metadata)
        // Once is enough on a terminal.
        guard configuration.demo, restarts == 0, let http = ports.http, let rtmp = ports.rtmp, let admin = ports.admin
        else { return }
        let host = LocalAddress.host(of: configuration.bind)
        let address = "rtmp://\(host):\(rtmp)/live"
        // What it pushes to unless it is told.
        let isUsual = address == "rtmp://127.0.0.1:1935/live"
        print(
            """

              Listen   http://\(host):\(http)/demo
              Push     \(address)   stream key: demo-key
              Try it   ffmpeg -re -stream_loop -1 -i FILE -vn -c:a aac -b:a 192k -f flv \(address)/demo-key
                       or, without a file of your own: make demo\(isUsual ? "" : " ARGS=\(address)/demo-key")
              Status   http://\(configuration.adminBind):\(admin)/metrics

            """)
        // Whoever reads a pipe wants it now, not when a buffer is full.
        fflush(nil)
    }
}
