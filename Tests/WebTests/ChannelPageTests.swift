import Foundation
import Testing

/// What the page of a channel shows, in a browser.
struct ChannelPageTests {
    /// Runs `Tests/Browser/channel_page.py`, which plays the server; needs python3, chromium and chromedriver.
    @Test func thePageFollowsTheChannel() throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Browser/channel_page.py").standardizedFileURL
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", script.path(percentEncoded: false), AssetFolderTests.folder.path(percentEncoded: false),
        ]
        let output = Pipe()
        process.standardError = output
        try process.run()
        let complaints = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(complaints)")
    }
}
