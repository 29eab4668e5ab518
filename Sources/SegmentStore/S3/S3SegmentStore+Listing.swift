import NIOCore

extension S3SegmentStore {
    public func objects(under prefix: String, after key: String?, limit: Int) async throws -> [StoredObject] {
        try StoreKey.check(prefix)
        var query = [("list-type", "2"), ("encoding-type", "url"), ("prefix", self.prefix + prefix + "/")]
        if let key { query.append(("start-after", self.prefix + key)) }
        var objects: [StoredObject] = []
        var token: String?
        // A service may answer with fewer than it was asked for though there are more.
        while objects.count < limit {
            var part = query + [("max-keys", String(min(limit - objects.count, 1000)))]
            if let token { part.append(("continuation-token", token)) }
            let page = try await list(part)
            for var object in page.objects where object.key.hasPrefix(self.prefix) {
                object.key = String(object.key.dropFirst(self.prefix.count))
                objects.append(object)
            }
            guard let next = page.continuation, next != token else { break }
            token = next
        }
        return objects
    }

    public func streams() async throws -> [String] {
        var names: [String] = []
        var token: String?
        while true {
            var query = [("list-type", "2"), ("encoding-type", "url"), ("delimiter", "/"), ("prefix", prefix)]
            if let token { query.append(("continuation-token", token)) }
            let page = try await list(query)
            for name in page.prefixes where name.hasPrefix(prefix) {
                let stream = name.dropFirst(prefix.count).dropLast()
                if !stream.isEmpty, (try? StoreKey.check(String(stream))) != nil { names.append(String(stream)) }
            }
            guard let next = page.continuation, next != token else { return names.sorted() }
            token = next
        }
    }

    private func list(_ query: [(String, String)]) async throws -> S3Listing {
        let request = S3Request(
            method: .get, key: "", query: query.map { (name: $0.0, value: $0.1) }, responseLimit: 4 << 20)
        let answer = try await send(request, "list")
        guard answer.status == 200 else { throw failure(answer, "list", prefix) }
        do {
            return try S3Listing(answer.body)
        } catch {
            throw SegmentStoreError.failed(
                operation: "list", key: prefix, reason: "the answer cannot be read (\(error))")
        }
    }
}
