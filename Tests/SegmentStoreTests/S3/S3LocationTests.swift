import SegmentStore
import Telemetry
import Testing

struct S3LocationTests {
    @Test func amazonIsAskedOverTLSByTheNameOfTheBucket() throws {
        let location = try S3Location(parsing: "s3://radio?region=eu-central-1")
        #expect(location.scheme == "https")
        #expect(location.authority == "radio.s3.eu-central-1.amazonaws.com")
        #expect(location.prefix == "")
        #expect(!location.isPathStyle)
        // A dot in the name would not match the certificate's star.
        let dotted = try S3Location(parsing: "s3://radio.example")
        #expect(dotted.authority == "s3.us-east-1.amazonaws.com" && dotted.isPathStyle)
    }

    @Test func anEndpointIsAskedByPathUnlessTold() throws {
        let path = try S3Location(parsing: "s3://radio/media/one/?endpoint=http://127.0.0.1:9000")
        #expect(path.scheme == "http" && path.authority == "127.0.0.1:9000" && path.isPathStyle)
        #expect(path.prefix == "media/one/")
        let host = try S3Location(parsing: "s3://radio?endpoint=https://S3.example.org:443/&path-style=false&region=r1")
        #expect(host.scheme == "https" && host.authority == "radio.s3.example.org" && host.region == "r1")
    }

    @Test(arguments: [
        "", "file:x", "s3:", "s3://", "s3://AB", "s3://Radio", "s3://ra_dio", "s3://radio:80", "s3://radio?endpoint=",
        "s3://radio?endpoint=ftp://x", "s3://radio?endpoint=x", "s3://radio?endpoint=https://x/y",
        "s3://radio?region=a%20b", "s3://radio?path-style=maybe", "s3://radio?secret=x", "s3://radio/../x",
        "s3://radio/a%20b", "s3://key:secret@radio",
    ])
    func whatIsNoLocationIsRefusedInWords(text: String) {
        #expect { try S3Location(parsing: text) } throws: { error in
            let words = String(describing: error)
            return error is S3Location.Failure && words.count > 20 && !words.contains("key:secret")
        }
    }

    @Test func credentialsComeInOneSet() throws {
        let own = try S3Credentials(environment: [
            "TWITCHY_S3_ACCESS_KEY_ID": "a", "TWITCHY_S3_SECRET_ACCESS_KEY": "b", "AWS_ACCESS_KEY_ID": "c",
            "AWS_SECRET_ACCESS_KEY": "d", "AWS_SESSION_TOKEN": "e",
        ])
        #expect(own == S3Credentials(accessKeyID: "a", secretAccessKey: Redacted("b")))
        let amazon = try S3Credentials(environment: [
            "AWS_ACCESS_KEY_ID": "c", "AWS_SECRET_ACCESS_KEY": "d", "AWS_SESSION_TOKEN": "e",
        ])
        #expect(
            amazon == S3Credentials(accessKeyID: "c", secretAccessKey: Redacted("d"), sessionToken: Redacted("e")))
        for environment in [
            [:], ["AWS_ACCESS_KEY_ID": "c"], ["TWITCHY_S3_ACCESS_KEY_ID": "a", "AWS_ACCESS_KEY_ID": "c"],
        ] {
            #expect(throws: S3Credentials.Missing.self) { try S3Credentials(environment: environment) }
        }
        #expect(!"\(amazon)".contains("d\"") && !String(reflecting: amazon).contains("\"e\""))
    }
}
