import Foundation
import NIOCore
import S3Testing
import Telemetry
import Testing

@testable import SegmentStore

/// botocore, the signer of Amazon's own Python library, signs the same requests.
struct SignatureReaderTests {
    private static let script = """
        import datetime, json, sys
        import botocore.auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        data = json.load(sys.stdin)
        moment = datetime.datetime.fromtimestamp(data["time"], datetime.timezone.utc)
        botocore.auth.get_current_datetime = lambda: moment
        answers = []
        for case in data["cases"]:
            credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", case.get("token"))
            request = AWSRequest(
                method=case["method"], url="http://" + case["host"] + case["path"], params=case["query"],
                headers=dict(case["fields"]), data=case["body"].encode())
            botocore.auth.S3SigV4Auth(credentials, "s3", data["region"]).add_auth(request)
            answers.append(request.headers["Authorization"])
        print(json.dumps(answers))
        """

    private struct Case: Encodable {
        var method: String
        var host = "127.0.0.1:9000"
        var path: String
        var query: [String: String] = [:]
        var fields: [String: String] = [:]
        var body = ""
        var token: String?
    }

    private struct Question: Encodable {
        var time: Int64
        var region: String
        var cases: [Case]
    }

    @Test(.timeLimit(.minutes(20))) func agreesWithBotocore() async throws {
        let question = Question(
            time: 1_795_716_634, region: "eu-central-1",
            cases: [
                Case(method: "GET", path: "/bucket/s/aac-64/1-0.m4s"),
                Case(method: "GET", host: "bucket.s3.example.org", path: "/"),
                Case(
                    method: "PUT", path: "/bucket/radio/s/index.json",
                    fields: ["content-type": "application/json", "cache-control": "no-cache"], body: "{\"a\":1}"),
                Case(
                    method: "GET", path: "/bucket",
                    query: [
                        "list-type": "2", "prefix": "radio/one/", "start-after": "radio/one/a b+c%~*'()",
                        "continuation-token": "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=", "delimiter": "/",
                    ]),
                Case(
                    method: "POST", path: "/bucket", query: ["delete": ""], fields: ["content-md5": "abc=="],
                    body: "<Delete/>"),
                Case(method: "DELETE", path: "/bucket/x", token: "a/session+token=="),
            ])
        let answers = try JSONDecoder().decode([String].self, from: try await ask(JSONEncoder().encode(question)))
        for (item, answer) in zip(question.cases, answers) {
            let signature = SignatureV4(
                credentials: S3Credentials(
                    accessKeyID: "AKIDEXAMPLE",
                    secretAccessKey: Redacted("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")),
                region: question.region)
            let time = SigningTime(secondsSince1970: question.time)
            let hash = SignatureV4.bodyHash(ByteBuffer(string: item.body))
            var fields = item.fields.map { (name: $0.key, value: $0.value) }
            fields += [("host", item.host), ("x-amz-content-sha256", hash), ("x-amz-date", time.text)]
            if let token = item.token { fields.append(("x-amz-security-token", token)) }
            let own = signature.authorization(
                SignatureV4.Request(
                    method: item.method, path: item.path, query: item.query.map { ($0.key, $0.value) }, fields: fields,
                    bodyHash: hash),
                at: time)
            #expect(own == answer)
        }
        #expect(answers.count == question.cases.count)
    }

    private func ask(_ question: Data) async throws -> Data {
        let process = Process()
        process.executableURL = S3Server.python
        process.arguments = ["-c", Self.script]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        // Far less than a pipe holds, so writing cannot block.
                        try input.fileHandleForWriting.write(contentsOf: question)
                        try input.fileHandleForWriting.close()
                        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
                        process.waitUntilExit()
                        guard process.terminationStatus == 0 else {
                            throw SignerFailed(python: S3Server.python.path)
                        }
                        return answer
                    })
            }
        }
    }

    private struct SignerFailed: Error {
        /// Has it the packages of `scripts/python-requirements.txt`?
        var python: String
    }
}
