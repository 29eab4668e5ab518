import Foundation

/// A client that asks for each part before it exists, and for the playlist that lists it.
struct LowLatencyListener: Sendable {
    struct HeardPart: Sendable {
        var name: String
        var sequence: Int
        var part: Int
        var bytes: Data
        var requestedAt: Double
        var arrivedAt: Double
    }

    struct Heard: Sendable {
        var parts: [HeardPart] = []
        /// What should not have happened, in words.
        var complaints: [String] = []
        var isEnded = false
        var initialization = Data()

        /// By how much parts came too late for a page at PART-HOLD-BACK, which is three parts, 576 ms, of which one is on
        /// its way: on a slow machine it may break off for each of them, and for nothing else.
        var tooLate: [Double] {
            let delays = delays(partSeconds: 0.192, partsPerSegment: 10).map(\.seconds)
            guard let least = delays.min() else { return [] }
            return delays.map { $0 - least - 0.35 }.filter { $0 > 0 }
        }

        /// The longest wait between two parts, of those that came after the first seconds.
        func longestGapSeconds(after seconds: Double) -> Double {
            guard let start = parts.first?.arrivedAt else { return .infinity }
            return longestGap(in: start + seconds...(.infinity))
        }

        /// What nine of ten waits between two parts do not exceed, of those after the first seconds: a machine that has
        /// other things to do makes one long, a sender that sends a second at a time one of five.
        func usualGapSeconds(after seconds: Double) -> Double {
            guard let start = parts.first?.arrivedAt else { return .infinity }
            let arrivals = parts.map(\.arrivedAt).filter { $0 >= start + seconds }
            let gaps = zip(arrivals, arrivals.dropFirst()).map { $1 - $0 }.sorted()
            return gaps.isEmpty ? .infinity : gaps[gaps.count * 9 / 10]
        }

        /// The longest wait between two parts that came within so long, in seconds; the moments are those of ``Moment``.
        func longestGap(in moments: ClosedRange<Double>) -> Double {
            let arrivals = parts.map(\.arrivedAt).filter { moments.contains($0) }
            return zip(arrivals, arrivals.dropFirst()).map { $1 - $0 }.max() ?? .infinity
        }

        /// How far real time is ahead of the media when a part comes, against the first part: what a gap that is not
        /// filled, or filled twice, would change.
        func delays(partSeconds: Double, partsPerSegment: Int) -> [(sequence: Int, seconds: Double)] {
            guard let first = parts.first else { return [] }
            let start = Double(first.sequence * partsPerSegment + first.part)
            return parts.map { part in
                let position = Double(part.sequence * partsPerSegment + part.part) - start
                return (part.sequence, part.arrivedAt - first.arrivedAt - position * partSeconds)
            }
        }
    }

    /// The origin's port.
    var port: Int
    /// Path of the media playlist.
    var playlist: String

    init(port: Int, playlist: String) {
        self.port = port
        self.playlist = playlist
    }

    init(server: TwitchyServer, playlist: String) {
        self.init(port: server.ports.http, playlist: playlist)
    }

    /// Listens until the stream ends, or for so long.
    func listen(seconds: Double) async throws -> Heard {
        try await onThread {
            var heard = Heard()
            try listen(until: Moment.now + seconds, &heard)
            return heard
        }
    }

    /// Listens for so long, and connects again whenever it was cut off, as players do.
    func listenOn(seconds: Double) async throws -> Heard {
        try await onThread {
            var heard = Heard()
            let deadline = Moment.now + seconds
            while Moment.now < deadline, !heard.isEnded {
                do {
                    try listen(until: deadline, &heard)
                } catch {
                    Thread.sleep(forTimeInterval: 0.1)
                }
            }
            return heard
        }
    }

    private func listen(until deadline: Double, _ heard: inout Heard) throws {
        let connection = try HTTPConnection(port: port)
        let folder = playlist.split(separator: "/").dropLast().map { "/\($0)" }.joined()
        var current = try MediaPlaylistText(try ok(connection, playlist).text)
        if let map = (current.segments.first ?? current.open)?.map {
            heard.initialization = try ok(connection, "\(folder)/\(map)").body
        }
        while Moment.now < deadline, !current.isEnded {
            let next = current.next
            guard let hint = current.hint else {
                heard.complaints.append("no hint in:\n\(current.text)")
                break
            }
            let requestedAt = Moment.now
            let reply = try connection.get("\(folder)/\(hint)")
            if reply.status == 200 {
                heard.parts.append(
                    HeardPart(
                        name: hint, sequence: next.sequence, part: next.part, bytes: reply.body,
                        requestedAt: requestedAt, arrivedAt: Moment.now))
            }
            let update = try ok(
                connection, "\(playlist)?_HLS_msn=\(next.sequence)&_HLS_part=\(next.part)")
            let renewed = try MediaPlaylistText(update.text)
            let isListed = renewed.allParts.contains { $0.name == hint }
            if reply.status == 200, !isListed {
                heard.complaints.append("\(hint) was answered and is not listed in:\n\(renewed.text)")
            }
            // The end may come instead of the part that was hinted.
            if reply.status != 200, isListed || !renewed.isEnded {
                heard.complaints.append("\(hint) was answered with \(reply.status)")
            }
            current = renewed
            try catchUp(with: current, folder, connection, &heard)
        }
        heard.isEnded = current.isEnded
    }

    /// Parts that came in one go are listed before they were hinted to this client.
    private func catchUp(
        with playlist: MediaPlaylistText, _ folder: String, _ connection: HTTPConnection, _ heard: inout Heard
    ) throws {
        for segment in playlist.segments + [playlist.open].compactMap({ $0 }) {
            for (number, part) in segment.parts.enumerated() {
                guard let last = heard.parts.last, (segment.sequence, number) > (last.sequence, last.part) else {
                    continue
                }
                let requestedAt = Moment.now
                let reply = try ok(connection, "\(folder)/\(part.name)")
                heard.parts.append(
                    HeardPart(
                        name: part.name, sequence: segment.sequence, part: number, bytes: reply.body,
                        requestedAt: requestedAt, arrivedAt: Moment.now))
            }
        }
    }

    private func ok(_ connection: HTTPConnection, _ target: String) throws -> HTTPReply {
        let reply = try connection.get(target)
        guard reply.status == 200 else { throw TestFailure("\(target): \(reply.status) \(reply.text)") }
        return reply
    }
}
