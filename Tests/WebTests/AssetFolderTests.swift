import Foundation
import Testing
import Web

/// The files as they lie in the source tree, held against what is built in and against the content security policy.
struct AssetFolderTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/Web/Assets").standardizedFileURL

    static var names: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()
        }
    }

    static func text(of name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    @Test func everyFileIsBuiltIn() throws {
        for name in try Self.names where !name.hasSuffix(".html") {
            let asset = try #require(WebPages.asset(path: "/assets/\(name)"), "\(name) is missing in EmbeddedFile.all")
            #expect(asset.bytes == Array(try Data(contentsOf: Self.folder.appending(path: name))))
        }
    }

    @Test func everyImportOfAModuleExists() throws {
        let names = Set(try Self.names)
        for name in names where name.hasSuffix(".js") {
            for match in try Self.text(of: name).matches(of: /from "\.\/([^"]+)"/) {
                #expect(names.contains(String(match.1)), "\(name) imports \(match.1)")
            }
        }
    }

    /// Nothing comes from elsewhere: the pages work without the internet, and tell nobody who listens.
    @Test func noFileNamesAnotherHost() throws {
        for name in try Self.names {
            let text = try Self.text(of: name).replacing("http://www.w3.org/2000/svg", with: "")
            #expect(text.firstMatch(of: /(?:https?|wss?):\/\//) == nil, "\(name)")
            #expect(text.firstMatch(of: /(?:src|href)="\/\//) == nil, "\(name)")
        }
    }

    /// The policy forbids scripts and styles in the markup, so there must be none.
    @Test func markupHasNothingInline() throws {
        for name in try Self.names where name.hasSuffix(".html") {
            let text = try Self.text(of: name)
            #expect(text.firstMatch(of: /<style|\sstyle="|\son[a-z]+="|javascript:/) == nil, "\(name)")
            #expect(text.matches(of: /<script(?![^>]*\ssrc=)[^>]*>/).isEmpty, "\(name)")
        }
        let policy = WebPages.contentSecurityPolicy
        #expect(policy.contains("default-src 'none'"))
        #expect(policy.contains("media-src 'self' blob:"))
        #expect(!policy.contains("unsafe"))
    }
}
