import AccountService
import ArgumentParser

extension ChannelCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List all channels: name, whether it is on the air, title.",
            discussion: AdministrationOptions.findTheServer)

        @OptionGroup var options: AdministrationOptions

        func run() async throws {
            let channels = try await Accounts.with(options) { try await AccountAPI(service: $0).allChannels() }
            let width = channels.map(\.name.count).max() ?? 0
            for channel in channels {
                let name = channel.name + String(repeating: " ", count: width - channel.name.count)
                print("\(name)  \(channel.live ? "on the air" : "off       ")  \(channel.title)")
            }
        }
    }
}

extension AccountAPI {
    /// In the order of their names.
    func allChannels(live: Bool? = nil) async throws -> [ChannelDocument] {
        var found: [ChannelDocument] = []
        var request = ChannelListRequest(live: live, limit: Page<ChannelDocument>.maximumLimit)
        repeat {
            let page = try await channels(request)
            found += page.items
            request.cursor = page.nextCursor
        } while request.cursor != nil
        return found
    }
}
