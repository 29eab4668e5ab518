import Testing
import Web

struct WebPagesTests {
    @Test func rootIsTheDirectoryAndANameIsAChannel() throws {
        let directory = try #require(WebPages.page(forPath: "/"))
        let channel = try #require(WebPages.page(forPath: "/night_shift-2"))
        #expect(String(decoding: directory.bytes, as: UTF8.self).contains("Live now"))
        #expect(String(decoding: channel.bytes, as: UTF8.self).contains("<audio id=\"audio\""))
        #expect(directory.contentType == "text/html; charset=utf-8")
        #expect(directory.immutable == false)
        #expect(directory.cacheControl == "no-cache")
    }

    @Test(arguments: [
        "", "demo", "/api", "/API", "/hls", "/studio", "/healthz", "/a/b", "/demo/", "/..", "/a.b", "/%00", "/é",
        "/" + String(repeating: "a", count: 65),
    ])
    func otherPathsAreNoPage(path: String) {
        #expect(WebPages.page(forPath: path) == nil)
    }

    @Test func pagesNameTheVersionOfTheirFiles() throws {
        for page in [WebPages.page(forPath: "/"), WebPages.page(forPath: "/demo"), WebPages.notFound] {
            let text = String(decoding: try #require(page).bytes, as: UTF8.self)
            #expect(!text.contains("@VERSION@"))
            #expect(text.contains("/assets/\(WebPages.version)/base.css"))
        }
    }

    /// What a page loads is there, immutable, under the address that the page names.
    @Test func everyFileThatAPageNamesExists() throws {
        for page in [WebPages.page(forPath: "/"), WebPages.page(forPath: "/demo"), WebPages.notFound] {
            let text = String(decoding: try #require(page).bytes, as: UTF8.self)
            let paths = text.matches(of: /(?:href|src)="(\/assets\/[^"]+)"/).map { String($0.1) }
            #expect(paths.count >= 3)
            for path in paths {
                let asset = try #require(WebPages.asset(path: path), "\(path)")
                #expect(asset.immutable)
                #expect(asset.cacheControl.contains("immutable"))
            }
        }
    }

    @Test(arguments: [
        ("deck.js", "text/javascript; charset=utf-8"), ("base.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ])
    func filesHaveTheirTypeAndAnEntityTag(name: String, contentType: String) throws {
        let asset = try #require(WebPages.asset(path: "/assets/\(name)"))
        #expect(asset.contentType == contentType)
        #expect(asset.immutable == false)
        #expect(asset.etag.hasPrefix("\"") && asset.etag.hasSuffix("\"") && asset.etag.count == 18)
        let versioned = try #require(WebPages.asset(path: "/assets/\(WebPages.version)/\(name)"))
        #expect(versioned.bytes == asset.bytes)
        #expect(versioned.etag == asset.etag)
    }

    /// A page of the build before finds the files of this one, which must not be cached under the old version.
    @Test func anotherVersionGetsTheFileButNotForEver() throws {
        let asset = try #require(WebPages.asset(path: "/assets/0000000000000000/deck.js"))
        #expect(asset.immutable == false)
    }

    @Test(arguments: [
        "/assets/", "/assets", "/assets/none.js", "/assets/index.html", "/assets/a/b/deck.js", "/deck.js", "",
    ])
    func otherPathsAreNoFile(path: String) {
        #expect(WebPages.asset(path: path) == nil)
    }

    @Test func entityTagsAnswerConditionalRequests() throws {
        let asset = try #require(WebPages.asset(path: "/assets/deck.js"))
        let other = try #require(WebPages.asset(path: "/assets/base.css"))
        #expect(asset.etag != other.etag)
        #expect(asset.matches(ifNoneMatch: asset.etag))
        #expect(asset.matches(ifNoneMatch: "\(other.etag), W/\(asset.etag)"))
        #expect(asset.matches(ifNoneMatch: "*"))
        #expect(!asset.matches(ifNoneMatch: other.etag))
        #expect(!asset.matches(ifNoneMatch: ""))
    }
}
