import HLS
public import HTTPService
import NIOCore

/// Answers everything below `/hls/`.
public struct OriginResponder: HTTPResponder {
    let directory: StreamDirectory
    let hubs: StreamHubs
    let recordings: RecordingPlaylists
    let reports: ListenerReports

    public func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        guard request.pathHasPrefix("/hls/") else { return .pass }
        guard request.method == .get || request.method == .head else {
            // Preflight requests have a responder of their own.
            return request.method == .options ? .pass : .response(Self.readOnly)
        }
        // Names are plain ASCII: whatever is escaped in a path is none of them.
        let components = request.rawPath.dropFirst(5).split(
            separator: UInt8(ascii: "/"), maxSplits: 5, omittingEmptySubsequences: false
        ).map { String(decoding: $0, as: UTF8.self) }
        switch components.count {
        case 2 where components[1] == "master.m3u8": return master(channel: components[0], request, context)
        case 3 where components[1] == "rewind" && components[2] == "master.m3u8":
            return rewindMaster(channel: components[0], request, context)
        case 4 where components[1] == "recordings" && components[3] == "master.m3u8":
            return recordings.master(channel: components[0], stream: components[2])
        case 4:
            let answer = media(components, request, context)
            return components[3].hasSuffix(".m3u8")
                ? reports.counting(answer, to: request, channel: components[0]) : answer
        case 5 where components[1] == "recordings" && components[4] == "vod.m3u8":
            return recordings.playlist(channel: components[0], stream: components[2], rendition: components[3])
        default: return .response(.noSuchMedia)
        }
    }

    private static let readOnly = HTTPResponse.problem(
        .methodNotAllowed, detail: "Media can only be read.", fields: [HTTPField("Allow", "GET, HEAD, OPTIONS")])

    private func master(channel: String, _ request: HTTPRequest, _ context: HTTPContext) -> HTTPAnswer {
        guard let stream = directory.liveStream(ofChannel: channel), let hub = hubs.hub(stream) else {
            return .response(.offline)
        }
        return hub.multivariant(
            prefix: "\(stream)/", file: "live.m3u8", mayAskOthers: request.mayAskOthers, on: context.eventLoop)
    }

    private func rewindMaster(channel: String, _ request: HTTPRequest, _ context: HTTPContext) -> HTTPAnswer {
        guard let stream = directory.liveStream(ofChannel: channel), let hub = hubs.hub(stream) else {
            return .response(.offline)
        }
        return hub.multivariant(
            prefix: "../\(stream)/", file: "rewind.m3u8", mayAskOthers: request.mayAskOthers, on: context.eventLoop)
    }

    /// `CHANNEL/STREAM/RENDITION/FILE`
    private func media(_ components: [String], _ request: HTTPRequest, _ context: HTTPContext) -> HTTPAnswer {
        let (channel, stream, rendition, file) = (components[0], components[1], components[2], components[3])
        guard directory.belongs(stream, to: channel) else {
            return recordings.segment(channel: channel, stream: stream, rendition: rendition, file: file)
        }
        if file == "rewind.m3u8" { return recordings.rewind(channel: channel, stream: stream, rendition: rendition) }
        guard let hub = hubs.hub(stream) else { return .response(.notYet) }
        if file == "live.m3u8" {
            let directives =
                request.head.rawQuery.map { DeliveryDirectives(query: $0) } ?? DeliveryDirectives()
            return hub.playlist(
                rendition: rendition, directives: directives, mayAskOthers: request.mayAskOthers, on: context.eventLoop)
        }
        let (mayAskOthers, loop) = (request.mayAskOthers, context.eventLoop)
        if hub.isCaughtUp { return media(channel, hub, rendition, file, mayAskOthers, loop) }
        return .decide {
            if let refusal = await hub.untilCaughtUp(mayAskOthers: mayAskOthers, on: loop) { return .response(refusal) }
            return media(channel, hub, rendition, file, mayAskOthers, loop)
        }
    }

    private func media(
        _ channel: String, _ hub: StreamHub, _ rendition: String, _ file: String, _ mayAskOthers: Bool,
        _ loop: any EventLoop
    ) -> HTTPAnswer {
        hub.media(rendition: rendition, file: file, mayAskOthers: mayAskOthers, on: loop)
            ?? recordings.segment(channel: channel, stream: hub.stream, rendition: rendition, file: file)
    }
}

extension HTTPRequest {
    /// Whether a proxy says that it asks another origin if this one answers ``HTTPResponse/askAnother``. Without that, and
    /// when it has asked them all, what this one has is better than nothing.
    fileprivate var mayAskOthers: Bool { self["twitchy-other-origins"] != nil }
}
