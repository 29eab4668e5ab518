import Testing

/// Each rule must find what it forbids, and nothing beside it.
@Suite struct RuleTests {
    private func lines(_ rule: Rule, _ files: [(String, String)], paths: Set<String> = []) -> [String] {
        let tree = SourceTree(files: files.map { SourceFile(path: $0.0, text: $0.1) }, paths: paths)
        return rule.violations(tree).map { "\($0.path):\($0.line)" }
    }

    @Test func servicesMustNotImportServices() {
        let found = lines(
            .servicesStandAlone,
            [
                ("Sources/Origin/A.swift", "import NIOCore\npublic import Transcoder\n"),
                ("Sources/HLS/B.swift", "@_spi(X) import struct Ingest.Leg"),
                ("Sources/Web/C.swift", "// import Origin\nlet x = \"import Origin\"\nimport Web"),
                ("Sources/Twitchy/D.swift", "import Origin"),
                ("Tests/OriginTests/E.swift", "@testable import Origin"),
            ])
        #expect(found == ["Sources/Origin/A.swift:2", "Sources/HLS/B.swift:1"])
    }

    @Test func pureModulesMustNotImportMore() {
        let found = lines(
            .pureModulesStayPure,
            [
                ("Sources/CMAF/A.swift", "public import NIOCore\nimport AudioTimeline\nimport Foundation"),
                ("Sources/RTMP/B.swift", "let now = ContinuousClock.now\n// ContinuousClock\nlet logger: Logger"),
                ("Sources/Ingest/C.swift", "import Foundation"),
            ])
        #expect(found == ["Sources/CMAF/A.swift:3", "Sources/RTMP/B.swift:1", "Sources/RTMP/B.swift:3"])
    }

    @Test func cModulesBelongToOneModule() {
        let found = lines(
            .cModulesHaveOneImporter,
            [
                ("Sources/CFFmpeg/module.modulemap", "module CFFmpeg {}"),
                ("Sources/FFmpeg/A.swift", "internal import CFFmpeg"),
                ("Sources/FFmpeg/B.swift", "import CFFmpeg"),
                ("Sources/Transcoder/C.swift", "import CFFmpeg"),
                ("Tests/FFmpegTests/D.swift", "import CFFmpeg"),
            ])
        #expect(found == ["Sources/Transcoder/C.swift:1", "Tests/FFmpegTests/D.swift:1"])
    }

    @Test func wrappedLibrariesStayWrapped() {
        let found = lines(
            .exclusiveLibraries,
            [
                ("Sources/Persistence/A.swift", "import GRDB\nimport CPostgreSQL"),
                ("Sources/AuthService/B.swift", "\nimport GRDB"),
                ("Sources/Twitchy/C.swift", "import CPostgreSQL"),
            ])
        #expect(found == ["Sources/AuthService/B.swift:2", "Sources/Twitchy/C.swift:1"])
    }

    @Test func implementationsAreNamedInTheExecutableOnly() {
        let found = lines(
            .implementationsAreChosenInOnePlace,
            [
                ("Sources/MessageBus/RabbitMQ/A.swift", "public actor RabbitMQBus {}\nstruct Internal {}"),
                ("Sources/MessageBus/B.swift", "typealias X = RabbitMQBus"),
                ("Sources/Twitchy/C.swift", "let bus = RabbitMQBus()"),
                ("Sources/Origin/D.swift", "// RabbitMQBus\nlet bus: RabbitMQBus\nlet other: Internal"),
            ])
        #expect(found == ["Sources/Origin/D.swift:2"])
    }

    @Test func testableIsForTests() {
        let found = lines(
            .testableOnlyInTests,
            [("Sources/Web/A.swift", "@testable import HLS"), ("Tests/HLSTests/B.swift", "@testable import HLS")])
        #expect(found == ["Sources/Web/A.swift:1"])
    }

    @Test func pointersStayInTheirWrapper() {
        let found = lines(
            .pointersStayInside,
            [
                ("Sources/FFmpeg/A.swift", "let p: UnsafeMutablePointer<Int>"),
                ("Sources/MessageBus/RabbitMQ/B.swift", "let p: OpaquePointer"),
                ("Sources/MessageBus/InProcess/C.swift", "let p: OpaquePointer"),
                (
                    "Sources/Origin/D.swift",
                    "// UnsafeRawPointer\nbuffer.withUnsafeReadableBytes { $0 }\nlet p: UnsafeRawBufferPointer"
                ),
            ])
        #expect(found == ["Sources/MessageBus/InProcess/C.swift:1", "Sources/Origin/D.swift:3"])
    }

    @Test func uncheckedConformancesNeedAReason() {
        let found = lines(
            .uncheckedSendableIsExplained,
            [
                (
                    "Sources/Web/A.swift",
                    """
                    // All state is behind the lock.
                    final class Explained: @unchecked Sendable {}

                    final class Bare: @unchecked Sendable {}
                    nonisolated(unsafe) var count = 0
                    /// Set once, before any thread starts.
                    @available(*, deprecated)
                    nonisolated(unsafe) var other = 0
                    """
                )
            ])
        #expect(found == ["Sources/Web/A.swift:4", "Sources/Web/A.swift:5"])
    }

    @Test(arguments: ["// TO" + "DO later", "fatal" + "Error()", "/// FIX" + "ME: x", "let x = 1 // XX" + "X"])
    func unfinishedMarksAreFound(line: String) {
        #expect(lines(.nothingUnfinished, [("Sources/Web/A.swift", "let a = 1\n" + line)]) == ["Sources/Web/A.swift:2"])
    }

    @Test func ordinaryWordsAreNoMarks() {
        #expect(lines(.nothingUnfinished, [("a.sh", "mktemp a.XXXXXX\necho todo")]) == [])
    }

    @Test(arguments: [".disabled" + "(\"flaky\")", "try XCT" + "Skip()", "@Test(.enabled" + "(if: isFast))"])
    func skippedTestsAreFound(line: String) {
        #expect(lines(.nothingSkipped, [("Tests/WebTests/A.swift", line)]) == ["Tests/WebTests/A.swift:1"])
    }

    @Test func printingIsForTheExecutable() {
        let found = lines(
            .noPrinting,
            [
                (
                    "Sources/Web/A.swift",
                    "print(1)\n// print(1)\nfootprint(2)\npage.print(3)\nlet x = [1].map { print($0) }"
                ),
                ("Sources/Twitchy/B.swift", "print(1)"),
            ])
        #expect(found == ["Sources/Web/A.swift:1", "Sources/Web/A.swift:5"])
    }

    @Test func longFilesAreFound() {
        let short = String(repeating: "let a = 1\n", count: 499)
        #expect(
            lines(.smallFiles, [("Sources/Web/A.swift", short), ("Sources/Web/B.swift", short + "\n\n")]).count == 1)
    }

    @Test func machinePathsAreFound() {
        let found = lines(
            .noMachinePaths,
            [
                ("README.md", "see /" + "home/anna/twitchy\nhttps://example.com/" + "home/\nSources/" + "work/"),
                ("scripts/a.sh", "cd \"/" + "root/x\""),
            ])
        #expect(found == ["README.md:1", "scripts/a.sh:1"])
    }

    @Test func brokenLinksAreFound() {
        let found = lines(
            .linksResolve,
            [
                (
                    "docs/a.md",
                    """
                    # A `good` Heading!
                    [ok](../README.md) [ok](b.md#two-words) [ok](#a-good-heading) [ok](https://example.com/x) [ok](/docs)
                    [bad](missing.md)
                    [bad](b.md#three)
                    [bad](../../outside.md)
                    ```
                    [code](missing.md)
                    ```
                    [reference]: missing-too.md
                    """
                ), ("docs/b.md", "## Two words"), ("README.md", "![picture](docs/picture.png)"),
            ], paths: ["docs", "docs/picture.png"])
        #expect(found == ["docs/a.md:3", "docs/a.md:4", "docs/a.md:5", "docs/a.md:9"])
    }
}
