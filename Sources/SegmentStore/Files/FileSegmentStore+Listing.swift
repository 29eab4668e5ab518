import Foundation

extension FileSegmentStore {
    public func streams() async throws -> [String] {
        let root = root
        return try await run("list", "") {
            try Self.entries(of: root).filter(\.isFolder).map(\.name).sorted()
        }
    }

    public func objects(under prefix: String, after key: String?, limit: Int) async throws -> [StoredObject] {
        try StoreKey.check(prefix)
        let root = root
        return try await run("list", prefix) {
            var found: [StoredObject] = []
            try Self.collect(root, prefix, after: key, limit: limit, into: &found)
            return found
        }
    }

    public func disk() async throws -> StoreDisk? {
        let root = root
        return try await run("measure", "") {
            // The folder may not be there before the first segment.
            var folder = root
            while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
                folder.deleteLastPathComponent()
            }
            var status = statvfs()
            guard statvfs(folder.path, &status) == 0 else { throw POSIXError.last }
            let block = Int64(clamping: status.f_frsize)
            let used = Int64(clamping: status.f_blocks) - Int64(clamping: status.f_bfree)
            let available = Int64(clamping: status.f_bavail)
            return StoreDisk(capacityBytes: (used + available) * block, availableBytes: available * block)
        }
    }

    private struct Entry {
        var name: String
        var isFolder: Bool
    }

    /// What is in a folder, without names that no key has: those of files that are being written.
    private static func entries(of folder: URL) throws -> [Entry] {
        do {
            return try FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: [.isDirectoryKey]
            ).compactMap { url in
                guard (try? StoreKey.check(url.lastPathComponent)) != nil else { return nil }
                return Entry(
                    name: url.lastPathComponent,
                    isFolder: try url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true)
            }
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
            return []
        }
    }

    /// Depth first, in the order of the keys: a folder's name counts with its slash.
    private static func collect(
        _ root: URL, _ folder: String, after key: String?, limit: Int, into found: inout [StoredObject]
    ) throws {
        let entries = try entries(of: root.appendingPathComponent(folder))
            .map { (path: "\(folder)/\($0.name)" + ($0.isFolder ? "/" : ""), isFolder: $0.isFolder) }
            .sorted { $0.path < $1.path }
        for entry in entries {
            guard found.count < limit else { return }
            if entry.isFolder {
                // All of it lies before the key unless the key is in it.
                if let key, entry.path < key, !key.hasPrefix(entry.path) { continue }
                try collect(root, String(entry.path.dropLast()), after: key, limit: limit, into: &found)
            } else if key.map({ entry.path > $0 }) ?? true {
                let values = try attributes(root.appendingPathComponent(entry.path))
                if let values { found.append(StoredObject(key: entry.path, byteCount: values.0, modifiedAt: values.1)) }
            }
        }
    }

    /// nil for a file that has gone since it was listed.
    private static func attributes(_ file: URL) throws -> (Int64, Int64)? {
        do {
            let values = try FileManager.default.attributesOfItem(atPath: file.path)
            let size = (values[.size] as? NSNumber)?.int64Value ?? 0
            let date = (values[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            return (size, Int64(date))
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
            return nil
        }
    }
}
