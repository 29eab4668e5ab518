import Foundation

extension FileSegmentStore {
    /// Removes the temporary files of writers that were killed in the middle.
    /// - Parameter age: a file that was changed less long ago may belong to a writer in another process.
    /// - Returns: how many there were.
    public func removeTemporaries(olderThan age: Duration) async throws -> Int {
        let root = root
        let latest = Date(timeIntervalSinceNow: -(age / .seconds(1)))
        var count = try await run("sweep", "") { try Self.sweep(root, isDeep: false, before: latest) }
        // A stream at a time, so that whoever needs the threads gets them in between.
        for stream in try await streams() {
            let folder = root.appendingPathComponent(stream)
            count += try await run("sweep", stream) { try Self.sweep(folder, isDeep: true, before: latest) }
        }
        return count
    }

    private static func sweep(_ folder: URL, isDeep: Bool, before latest: Date) throws -> Int {
        let keys: [URLResourceKey] = [.isDirectoryKey, .contentModificationDateKey]
        let urls: [URL]
        do {
            urls = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: keys)
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
            return 0
        }
        var count = 0
        for url in urls {
            // A file that has gone since is what is wanted.
            guard let values = try? url.resourceValues(forKeys: Set(keys)) else { continue }
            if values.isDirectory == true {
                if isDeep { count += try sweep(url, isDeep: true, before: latest) }
            } else if isTemporary(url.lastPathComponent), values.contentModificationDate.map({ $0 <= latest }) ?? false
            {
                if unlink(url.path) == 0 { count += 1 }
            }
        }
        return count
    }

    /// `.KEY.UUID`: how `put` names a file that is being written.
    static func temporaryName(for name: String) -> String { ".\(name).\(UUID().uuidString)" }

    static func isTemporary(_ name: String) -> Bool {
        guard name.hasPrefix("."), let dot = name.lastIndex(of: "."), dot != name.startIndex else { return false }
        return UUID(uuidString: String(name[name.index(after: dot)...])) != nil
    }
}
