import Foundation
import Testing

/// The page's modules are tested where they run: in a browser.
struct ModuleTests {
    struct Outcome: Decodable {
        struct Failure: Decodable {
            let name: String
            let error: String
        }

        let passed: Int
        let failed: [Failure]
    }

    /// Runs `Tests/Browser/unit.py`; needs python3, chromium and chromedriver.
    @Test func modulesPassTheirTestsInChromium() throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Browser/unit.py").standardizedFileURL
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", script.path(percentEncoded: false), AssetFolderTests.folder.path(percentEncoded: false),
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let outcome = try JSONDecoder().decode(Outcome.self, from: printed)
        for failure in outcome.failed {
            Issue.record("\(failure.name): \(failure.error)")
        }
        #expect(outcome.passed >= 50)
        #expect(process.terminationStatus == 0)
    }
}
