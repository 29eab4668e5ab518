import NIOCore
import Testing

@testable import SegmentStore

struct XMLElementTests {
    @Test func elementsTextAndReferencesAreRead() throws {
        let root = try XMLElement(
            parsing: Array(
                """
                \u{feff}<?xml version="1.0" encoding="UTF-8"?>
                <!-- > -->
                <s3:Result xmlns:s3="http://a>b" x='"'><Key>a&amp;b&#x41;&#66;</Key><Empty/><A><Key> c </Key></A>
                <Key><![CDATA[<raw>&amp;]]></Key></s3:Result>
                """.utf8))
        #expect(root.name == "Result")
        #expect(root["Key"] == "a&bAB")
        #expect(root["Empty"] == "")
        #expect(root["Missing"] == nil)
        #expect(root.all("A").first?["Key"] == " c ")
        #expect(root.all("Key").last?.text == "<raw>&amp;")
    }

    @Test(arguments: [
        ("", XMLElement.Failure.notWellFormed), ("x", .notWellFormed), ("<a>", .notWellFormed), ("<a", .notWellFormed),
        ("</a>", .notWellFormed), ("<a></b>", .notWellFormed), ("<>x</>", .notWellFormed), ("<a x=\">", .notWellFormed),
        ("<a>&bomb;</a>", .notWellFormed), ("<a>&amp</a>", .notWellFormed), ("<a>&#xD800;</a>", .notWellFormed),
        ("<a>&#99999999999;</a>", .notWellFormed), ("<a><!-- </a>", .notWellFormed), ("<![CDATA[x]]>", .notWellFormed),
        ("<!DOCTYPE a [<!ENTITY b \"x\">]><a>&b;</a>", .documentType),
        (String(repeating: "<a>", count: 1000), .tooDeep),
        ("<a>" + String(repeating: "<b/>", count: 60_000) + "</a>", .tooMany),
    ])
    func hostileDocumentsAreRefused(text: String, failure: XMLElement.Failure) {
        #expect(throws: failure) { try XMLElement(parsing: Array(text.utf8)) }
    }

    /// Whatever the bytes, it returns or throws, and soon.
    @Test func damagedListingsNeverStopTheProcess() throws {
        let text =
            "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>a%2Fb</Key><Size>5</Size>"
            + "<LastModified>2026-11-26T18:10:34.000Z</LastModified></Contents></ListBucketResult>"
        let bytes = Array(text.utf8)
        #expect(
            try S3Listing(ByteBuffer(bytes: bytes)).objects
                == [StoredObject(key: "a/b", byteCount: 5, modifiedAt: 1_795_716_634)])
        var read = 0
        for position in bytes.indices {
            for replacement in [UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "%"), 0, 0xFF] {
                var damaged = bytes
                damaged[position] = replacement
                if (try? S3Listing(ByteBuffer(bytes: damaged))) != nil { read += 1 }
            }
            if (try? S3Listing(ByteBuffer(bytes: bytes[..<position]))) != nil { read += 1 }
        }
        #expect(read > 0 && read < bytes.count * 7)
    }

    @Test(arguments: [
        "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>99999999999999999999</Size></Contents></ListBucketResult>",
        "<Error><Code>x</Code></Error>", "<html></html>",
    ])
    func listingsThatAreNoneAreRefused(text: String) {
        #expect(throws: (any Error).self) { try S3Listing(ByteBuffer(string: text)) }
    }

    @Test func deletionsNameStrangeKeysSafely() throws {
        let text = S3Listing.deletion(["a/b", "x&y<z>"])
        let root = try XMLElement(parsing: Array(text.utf8))
        #expect(root.all("Object").map { $0["Key"] } == ["a/b", "x&y<z>"])
    }
}
