import NIOCore
import Telemetry
import Testing

@testable import SegmentStore

/// Amazon's published examples.
struct SignatureV4Tests {
    private static let emptyHash = SignatureV4.bodyHash(ByteBuffer())

    /// The suite `aws-sig-v4-test-suite`: service `service`, 2015-08-30 12:36:00.
    private func suite(
        _ method: String, _ path: String, _ query: [(name: String, value: String)] = [],
        _ fields: [(name: String, value: String)] = []
    ) -> String {
        let signature = SignatureV4(
            credentials: S3Credentials(
                accessKeyID: "AKIDEXAMPLE",
                secretAccessKey: Redacted("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")),
            region: "us-east-1", service: "service")
        return signature.authorization(
            SignatureV4.Request(
                method: method, path: path, query: query,
                fields: [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")] + fields,
                bodyHash: Self.emptyHash),
            at: SigningTime(secondsSince1970: 1_440_938_160))
    }

    private func expected(_ signature: String, _ fields: String = "host;x-amz-date") -> String {
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            + "SignedHeaders=\(fields), Signature=\(signature)"
    }

    @Test func getVanilla() {
        #expect(
            suite("GET", "/") == expected("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"))
    }

    @Test func postVanilla() {
        #expect(
            suite("POST", "/") == expected("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"))
    }

    @Test func getVanillaQueryOrderKeyCase() {
        #expect(
            suite("GET", "/", [("Param2", "value2"), ("Param1", "value1")])
                == expected("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"))
    }

    @Test func getHeaderValueTrim() {
        #expect(
            suite("GET", "/", [], [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")])
                == expected(
                    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
                    "host;my-header1;my-header2;x-amz-date"))
    }

    /// The examples of "Signature Calculations for the Authorization Header" in the S3 API reference, 2013-05-24.
    private func object(
        _ method: String, _ path: String, _ query: [(name: String, value: String)] = [],
        _ fields: [(name: String, value: String)] = [], body: String = ""
    ) -> String {
        let signature = SignatureV4(
            credentials: S3Credentials(
                accessKeyID: "AKIAIOSFODNN7EXAMPLE",
                secretAccessKey: Redacted("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")),
            region: "us-east-1")
        let hash = SignatureV4.bodyHash(ByteBuffer(string: body))
        let authorization = signature.authorization(
            SignatureV4.Request(
                method: method, path: path, query: query,
                fields: [
                    ("host", "examplebucket.s3.amazonaws.com"), ("x-amz-content-sha256", hash),
                    ("x-amz-date", "20130524T000000Z"),
                ] + fields, bodyHash: hash),
            at: SigningTime(secondsSince1970: 1_369_353_600))
        return String(authorization.suffix(64))
    }

    @Test func getObject() {
        #expect(
            object("GET", "/test.txt", [], [("Range", "bytes=0-9")])
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test func putObject() {
        #expect(
            object(
                "PUT", "/test$file.text", [],
                [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
                body: "Welcome to Amazon S3.")
                == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
    }

    @Test func getBucketLifecycle() {
        #expect(
            object("GET", "/", [("lifecycle", "")])
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
    }

    @Test func listObjects() {
        #expect(
            object("GET", "/", [("max-keys", "2"), ("prefix", "J")])
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    }

    @Test(arguments: [
        (0, "19700101T000000Z"), (951_782_399, "20000228T235959Z"), (951_782_400, "20000229T000000Z"),
        (1_709_251_199, "20240229T235959Z"), (4_107_542_400, "21000301T000000Z"), (-5, "19700101T000000Z"),
    ])
    func timesAreWrittenAsTheCalendarHasThem(seconds: Int64, text: String) {
        #expect(SigningTime(secondsSince1970: seconds).text == text)
    }

    @Test(arguments: [0, 951_782_400, 1_709_251_199, 4_107_542_400, 253_402_300_799] as [Int64])
    func datesOfTheServiceAreReadBack(seconds: Int64) throws {
        let text = SigningTime(secondsSince1970: seconds).text
        let parts = [text.prefix(4), text.dropFirst(4).prefix(2), text.dropFirst(6).prefix(2)]
        let time = [text.dropFirst(9).prefix(2), text.dropFirst(11).prefix(2), text.dropFirst(13).prefix(2)]
        #expect(
            ServiceDate.listing(parts.joined(separator: "-") + "T" + time.joined(separator: ":") + ".000Z") == seconds)
    }

    @Test func fieldsWithDatesAreRead() {
        #expect(ServiceDate.field("Thu, 26 Nov 2026 18:10:34 GMT") == 1_795_716_634)
        for text in ["", "26 Nov 2026", "Thu, 26 Foo 2026 18:10:34 GMT", "Thu, 26 Nov 2026 18:61:34 GMT"] {
            #expect(ServiceDate.field(text) == nil)
        }
        #expect(ServiceDate.listing("2026-11") == nil)
    }
}
