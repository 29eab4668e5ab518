import AccountService
import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say how the server on this machine is, and what is on the air.",
        discussion:
            "Ends with 0 if the server is ready, with 69 if it is not, with 66 if there is none, and no data either."
            + "\n\n"
            + AdministrationOptions.findTheServer)

    @OptionGroup var options: AdministrationOptions

    func run() async throws {
        let target = try options.target()
        let configuration = target.configuration
        Failure.report(target.description)
        let readiness = try await Readiness.ask(host: configuration.adminBind, port: configuration.adminPort)
        print("server     \(readiness.map { $0.ready ? "ready" : "not ready" } ?? "does not answer")")
        for (name, check) in (readiness?.checks ?? [:]).sorted(by: { $0.key < $1.key }) {
            print("  \(name) \(check.state)\(check.reason.map { ": \($0)" } ?? "")")
        }
        let live = try await Accounts.with(target) { accounts in
            try await AccountAPI(service: accounts).allChannels(live: true)
        }
        // Only the server knows them: they are in no database.
        let listeners = await ListenersOnAir.ask(target.server)
        print("on the air \(live.count)")
        for channel in live {
            print(
                "  \(channel.name) since \(channel.startedAt ?? "?") stream \(channel.streamId ?? "?") "
                    + "listeners \(listeners[channel.name].map(String.init) ?? "not known")")
        }
        guard readiness?.ready == true else {
            throw Failure(
                code: Failure.unavailable,
                description: "no server is ready at \(configuration.adminBind):\(configuration.adminPort)")
        }
    }
}

/// What `GET /readyz` says.
private struct Readiness: Decodable {
    struct Check: Decodable {
        var state: String
        var reason: String?
    }

    var ready: Bool
    var checks: [String: Check]

    /// nil when nobody answers there.
    static func ask(host: String, port: Int) async throws -> Readiness? {
        let request = HTTPClientRequest(url: "http://\(LocalAddress.host(of: host)):\(port)/readyz")
        guard let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(5)),
            let body = try? await response.body.collect(upTo: 1 << 20)
        else { return nil }
        return try? JSONDecoder().decode(Readiness.self, from: Data(buffer: body))
    }
}

/// How many listeners each live channel has, as `GET /api/v1/channels` says.
private enum ListenersOnAir {
    private struct Page: Decodable {
        struct Channel: Decodable {
            var name: String
            var listeners: Int
        }

        var items: [Channel]
        var nextCursor: String?
    }

    /// By channel; what cannot be asked is left out.
    static func ask(_ server: RunningServer?) async -> [String: Int] {
        guard let server, let port = server.httpPort else { return [:] }
        var listeners: [String: Int] = [:]
        var cursor: String?
        repeat {
            let query = "live=true&limit=100" + (cursor.map { "&cursor=\($0)" } ?? "")
            let request = HTTPClientRequest(
                url: "http://\(LocalAddress.host(of: server.bind)):\(port)/api/v1/channels?\(query)")
            guard let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(5)),
                let body = try? await response.body.collect(upTo: 1 << 20),
                let page = try? JSONDecoder().decode(Page.self, from: Data(buffer: body))
            else { break }
            for channel in page.items { listeners[channel.name] = channel.listeners }
            cursor = page.nextCursor
        } while cursor != nil
        return listeners
    }
}
