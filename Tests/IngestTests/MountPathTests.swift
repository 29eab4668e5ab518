import Testing

@testable import Ingest

struct MountPathTests {
    @Test(arguments: [
        "/demo", "//demo", "/demo/", "///demo//", "/%2Fdemo", "/%2fdemo%2F", "/demo.mp3", "//demo.ogg", "/d%65mo",
    ])
    func mountsAreTakenAsEncodersWriteThem(path: String) {
        #expect(MountPath(path.utf8).channel == "demo")
        #expect(!MountPath(path.utf8).isPush)
    }

    @Test(arguments: ["/push/demo", "//push/demo", "/push//demo/", "/push%2Fdemo"])
    func pushesToo(path: String) {
        #expect(MountPath(path.utf8).channel == "demo" && MountPath(path.utf8).isPush)
    }

    @Test(arguments: [
        "/", "", "//", "/a/b", "/push/a/b", "/./demo", "/../demo", "/%2e%2e/demo", "/demo%00", "/de%0Amo", "/%zz",
        "/a%5Cb", "*",
    ])
    func oddPathsAreNoMount(path: String) {
        let channel = MountPath(path.utf8).channel
        #expect(channel == nil || path == "*")
    }

    @Test(arguments: [
        "/admin/metadata", "/admin/metadata.xsl", "//admin/metadata", "/admin/metadata/", "/admin//metadata.xsl",
    ])
    func metadataHasTwoAddresses(path: String) {
        #expect(MountPath(path.utf8).isMetadata)
        #expect(MountPath(path.utf8).channel == nil)
    }

    @Test func otherPathsAreNotMetadata() {
        for path in ["/admin", "/metadata", "/admin/metadata.xml", "/admin/listmounts"] {
            #expect(!MountPath(path.utf8).isMetadata)
        }
        #expect(MountPath("//status-json.xsl".utf8).isStatus)
    }
}
