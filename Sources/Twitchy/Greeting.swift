import AudioTimeline
import Foundation
import Logging

/// Says where to push and where to listen: as a few lines on a terminal, as one log line otherwise.
struct Greeting {
    let configuration: Configuration
    let ports: Server.Ports

    func say(_ logger: Logger) {
        logger.info(
            "Serving",
            metadata: [
                "http.port": "\(ports.http)", "rtmp.port": "\(ports.rtmp)", "icecast.port": "\(ports.icecast)",
                "admin.port": "\(ports.admin)", "ladder": "\(configuration.ladder.text)",
            ])
        guard configuration.demo else { return }
        let host = configuration.bind == "::1" ? "[::1]" : configuration.bind
        print(
            """

              Listen   http://\(host):\(ports.http)/demo
              Push     rtmp://\(host):\(ports.rtmp)/live   stream key: demo-key
              Try it   ffmpeg -re -stream_loop -1 -i FILE -vn -c:a aac -b:a 192k -f flv rtmp://\(host):\(ports.rtmp)/live/demo-key
                       or, without a file of your own: make demo
              Status   http://\(configuration.adminBind):\(ports.admin)/metrics

            """)
        // Whoever reads a pipe wants it now, not when a buffer is full.
        fflush(nil)
    }
}
