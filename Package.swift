// swift-tools-version: 6.2
import PackageDescription

/// Set by `make check` and the continuous integration.
let strict: [SwiftSetting] =
    Context.environment["TWITCHY_WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)]

let settings: [SwiftSetting] =
    [
        // Of the CPU time of a request for a part 4 % went into dynamic checks for exclusive access (`perf record` of
        // the release build under wrk). Tests run with them: they are off in the release build only.
        .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + strict

func nio(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-nio") }
let ssl = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")

func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil
) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.target(name: name), "TestSupport"] + dependencies, exclude: exclude,
        swiftSettings: settings)
}

let package = Package(
    name: "Twitchy",
    products: [.executable(name: "twitchy", targets: ["Twitchy"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        // C libraries: each is imported by exactly one module.
        .systemLibrary(
            name: "CFFmpeg", pkgConfig: "libavformat libavcodec libavutil libswresample",
            providers: [.apt(["libavformat-dev", "libavcodec-dev", "libavutil-dev", "libswresample-dev"])]),
        .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq", providers: [.apt(["librabbitmq-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // Signals and processes, and writes to sockets, as far as Swift cannot call them.
        .target(name: "CProcess"),
        .target(name: "CSocket"),

        // Pure values: bytes in, values out.
        module("AudioTimeline", [nio("NIOCore")]),
        module("CMAF", ["AudioTimeline", nio("NIOCore")]),
        module("Events", [nio("NIOCore")]),
        module("HLS", [nio("NIOCore")]),
        module("RTMP", ["AudioTimeline", nio("NIOCore")]),

        // Wrappers and foundations.
        module("Audience", ["HTTPService"]),
        module("FFmpeg", ["AudioTimeline", "CFFmpeg", nio("NIOCore")]),
        module("Gzip", ["CZlib", nio("NIOCore")]),
        module("HTTPService", ["CSocket", "Gzip", logging, nio("NIOCore"), nio("NIOPosix")]),
        module("MessageBus", ["CRabbitMQ", nio("NIOCore")]),
        module(
            "Persistence",
            [
                "CPostgreSQL", "Events", "MessageBus", crypto, logging, nio("NIOCore"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        module(
            "SegmentStore",
            [
                "Telemetry", crypto, httpClient, nio("NIOCore"), nio("NIOFoundationCompat"), nio("NIOHTTP1"),
                nio("NIOPosix"),
            ]),
        module("Telemetry", [logging, nio("NIOCore")]),
        module("TLS", [logging, ssl, nio("NIOCore"), nio("NIOPosix")]),
        module("WebSocket", ["HTTPService", logging, nio("NIOCore"), nio("NIOPosix")]),

        // Services: none imports another.
        module(
            "AccountService",
            ["Audience", "Events", "HTTPService", "MessageBus", "Persistence", crypto, logging, nio("NIOCore")]),
        module(
            "Ingest",
            [
                "AudioTimeline", "Events", "FFmpeg", "HTTPService", "MessageBus", "Persistence", "RTMP", "Telemetry",
                crypto, logging, nio("NIOCore"), nio("NIOPosix"),
            ]),
        module(
            "Origin",
            [
                "Audience", "AudioTimeline", "Events", "Gzip", "HLS", "HTTPService", "MessageBus", "Persistence",
                "SegmentStore", "Telemetry", logging, nio("NIOCore"), nio("NIOPosix"),
            ]),
        module(
            "Transcoder",
            [
                "AudioTimeline", "CMAF", "Events", "FFmpeg", "MessageBus", "SegmentStore", "Telemetry", logging,
                nio("NIOCore"),
            ]),
        module("Web", resources: [.embedInCode("Assets")]),

        // The composition root.
        .executableTarget(
            name: "Twitchy",
            dependencies: [
                "AccountService", "AudioTimeline", "CProcess", "Events", "FFmpeg", "HTTPService", "Ingest",
                "MessageBus", "Origin",
                "Persistence", "SegmentStore", "TLS", "Telemetry", "Transcoder", "Web", crypto, httpClient, logging,
                nio("NIOCore"), nio("NIOFoundationCompat"),
                nio("NIOPosix"), "Yams", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        // Databases of either engine for the tests of whoever uses one.
        .target(
            name: "DatabaseTesting", dependencies: ["Persistence"], path: "Tests/DatabaseTesting",
            swiftSettings: settings),
        // A process of a service, for PersistenceTests to kill.
        .executableTarget(
            name: "EventProcess",
            dependencies: ["DatabaseTesting", "Events", "MessageBus", "Persistence", logging, nio("NIOCore")],
            path: "Tests/EventProcess", swiftSettings: settings),
        tests(
            "AccountService",
            [
                "DatabaseTesting", "Events", "HTTPService", "MessageBus", "Persistence", crypto, logging,
                nio("NIOCore"),
            ]),
        tests("Audience", ["HTTPService"]),
        tests("AudioTimeline", [nio("NIOCore")]),
        tests("CMAF", [nio("NIOCore")]),
        tests("Events"),
        tests("FFmpeg", ["AudioTimeline", nio("NIOCore")]),
        tests("HLS", [nio("NIOCore")]),
        tests("HTTPService", ["Gzip", logging, nio("NIOCore"), nio("NIOPosix")]),
        tests(
            "Ingest",
            [
                "AudioTimeline", "DatabaseTesting", "Events", "HTTPService", "MessageBus", "Persistence", "RTMP",
                "Telemetry", crypto, logging, nio("NIOCore"), nio("NIOPosix"),
            ]),
        tests("MessageBus", ["ProxyTesting", nio("NIOCore"), nio("NIOPosix")]),
        tests(
            "Origin",
            [
                "AudioTimeline", "DatabaseTesting", "Events", "HLS", "HTTPService", "Persistence", "SegmentStore",
                "Telemetry", logging, nio("NIOCore"), nio("NIOEmbedded"), nio("NIOPosix"),
            ]),
        tests(
            "Persistence", ["DatabaseTesting", "EventProcess", "Events", "MessageBus", logging, nio("NIOCore")]),
        tests("RTMP", [nio("NIOCore")], exclude: ["Captures"]),
        tests("SegmentStore", ["S3Testing", "Telemetry", nio("NIOCore"), nio("NIOHTTP1"), nio("NIOPosix")]),
        tests("Telemetry", [logging]),
        tests("TLS"),
        tests(
            "Transcoder",
            [
                "AudioTimeline", "CMAF", "Events", "FFmpeg", "MessageBus", "S3Testing", "SegmentStore", "Telemetry",
                logging, nio("NIOCore"), nio("NIOPosix"),
            ]),
        tests("Web"),
        tests("WebSocket", ["HTTPService", logging, nio("NIOCore"), nio("NIOPosix")]),
        // What several test targets need.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        // An S3 service and a proxy that breaks things, for tests.
        .target(
            name: "S3Testing", dependencies: [httpClient, nio("NIOCore"), nio("NIOHTTP1"), nio("NIOPosix")],
            path: "Tests/S3Testing", exclude: ["serve.py"], swiftSettings: settings),
        // A TCP proxy that breaks things, for tests.
        .target(
            name: "ProxyTesting", dependencies: [nio("NIOCore"), nio("NIOPosix")], path: "Tests/ProxyTesting",
            swiftSettings: settings),
        .testTarget(name: "TidyTests", swiftSettings: settings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["Events", "MessageBus", "ProxyTesting", "S3Testing", "Twitchy", nio("NIOCore")],
            swiftSettings: settings),

        // Bundles through a broker; see Benchmarks/bus.
        .executableTarget(
            name: "BusBenchmark", dependencies: ["MessageBus", nio("NIOCore")], path: "Benchmarks/bus/Sources",
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
