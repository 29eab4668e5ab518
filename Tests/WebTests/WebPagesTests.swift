import Testing
import Web

struct WebPagesTests {
    @Test func rootIsTheDirectoryAndANameIsAChannel() {
        #expect(WebPages.place(atPath: "/") == .home)
        #expect(WebPages.place(atPath: "/night_shift2") == .channel(name: "night_shift2"))
        #expect(String(decoding: WebPages.channel.bytes, as: UTF8.self).contains("<audio id=\"audio\""))
        let directory = WebPages.home(rtmpPort: 1935)
        #expect(String(decoding: directory.bytes, as: UTF8.self).contains("Live now"))
        #expect(directory.contentType == "text/html; charset=utf-8")
        #expect(directory.immutable == false)
        #expect(directory.cacheControl == "no-cache")
    }

    /// Another port is another page to whoever has the old one.
    @Test func theDirectoryNamesThePortOfTheEncoders() {
        let pages = [1935, 40_123].map { WebPages.home(rtmpPort: $0) }
        #expect(String(decoding: pages[1].bytes, as: UTF8.self).contains("data-rtmp-port=\"40123\""))
        #expect(pages[0].etag != pages[1].etag)
    }

    @Test(arguments: [
        "", "demo", "/api", "/API", "/api/", "/hls", "/studio", "/studio/", "/healthz", "/a/b", "/demo//", "//demo",
        "//",
        "/..", "/a.b", "/%00", "/é", "/ab", "/night-shift", "/demo\\", "/demo/x",
        "/" + String(repeating: "a", count: 26),
    ])
    func otherPathsAreNoPage(path: String) {
        #expect(WebPages.place(atPath: path) == nil)
    }

    /// Where it leads is one slash and a name: never another host.
    @Test(arguments: ["/Demo", "/demo/", "/DEMO/"])
    func whatSomeoneTypedLeadsToTheChannel(path: String) {
        #expect(WebPages.place(atPath: path) == .moved(to: "/demo"))
    }

    @Test func pagesNameTheVersionOfTheirFiles() {
        for page in [WebPages.home(rtmpPort: 1935), WebPages.channel, WebPages.notFound] {
            let text = String(decoding: page.bytes, as: UTF8.self)
            #expect(text.firstMatch(of: /@[A-Z_]+@/) == nil)
            #expect(text.contains("/assets/\(WebPages.version)/base.css"))
        }
    }

    /// What a page loads is there, immutable, under the address that the page names.
    @Test func everyFileThatAPageNamesExists() throws {
        for page in [WebPages.home(rtmpPort: 1935), WebPages.channel, WebPages.notFound] {
            let text = String(decoding: page.bytes, as: UTF8.self)
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
