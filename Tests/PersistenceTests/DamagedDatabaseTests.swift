import DatabaseTesting
import Foundation
import Persistence
import Testing

/// A file that is no sound database is refused by name, and never replaced.
@Suite(.timeLimit(.minutes(20))) struct DamagedDatabaseTests {
    enum Damage: String, CaseIterable, CustomTestStringConvertible {
        case empty, garbage, zeros, text, truncated, cutInTheHeader, malformedPage, folder, missingBesideItsLog

        var testDescription: String { rawValue }

        func damage(_ file: URL) throws {
            var bytes = try Data(contentsOf: file)
            switch self {
            case .empty: bytes = Data()
            case .garbage: bytes = Data(bytes.indices.map { UInt8(truncatingIfNeeded: $0 &* 167 ^ $0 >> 3) })
            case .zeros: bytes = Data(count: bytes.count)
            case .text: bytes = Data("hello\n".utf8)
            case .truncated: bytes = bytes.prefix(bytes.count / 2)
            case .cutInTheHeader: bytes = bytes.prefix(50)
            case .malformedPage:
                let middle = bytes.count / 2 / 4096 * 4096
                bytes.replaceSubrange(middle..<middle + 4096, with: Data(repeating: 0xa5, count: 4096))
            case .folder, .missingBesideItsLog:
                try FileManager.default.removeItem(at: file)
                if self == .folder {
                    return try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
                }
                return try Data(count: 4096).write(to: URL(fileURLWithPath: file.path + "-wal"))
            }
            try bytes.write(to: file)
        }
    }

    private func withDatabase(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "damaged-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "things.sqlite")
        let database = try SQLiteDatabase(path: file.path)
        try await database.migrate([.things])
        try await database.transaction { connection in
            for number in 0..<500 {
                try connection.execute(
                    "INSERT INTO things (name) VALUES (?)", [.text("\(number) " + String(repeating: "x", count: 200))])
            }
        }
        try await database.close()
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(file))
        } catch {
            outcome = .failure(error)
        }
        try FileManager.default.removeItem(at: folder)
        try outcome.get()
    }

    @Test(arguments: Damage.allCases) func itIsNamedAndLeftAsItIs(damage: Damage) async throws {
        try await withDatabase { file in
            try damage.damage(file)
            let before = try? Data(contentsOf: file)
            for _ in 1...2 {
                let error = #expect(throws: SQLError.self) { try SQLiteDatabase(path: file.path) }
                #expect(
                    error?.code == .damaged && error?.message.contains(file.path) == true,
                    "\(String(describing: error))")
            }
            #expect((try? Data(contentsOf: file)) == before)
        }
    }

    /// Damage that is met later is the same error, whichever statement meets it, and sound parts can still be read.
    @Test func damageThatIsFoundLaterIsTypedToo() async throws {
        try await withDatabase { file in
            let database = try SQLiteDatabase(path: file.path)
            let handle = try FileHandle(forUpdating: file)
            let size = try handle.seekToEnd()
            for page in stride(from: size / 4096 / 2, to: size / 4096 - 1, by: 1) {
                try handle.seek(toOffset: page * 4096)
                try handle.write(contentsOf: Data(repeating: 0xa5, count: 4096))
            }
            try handle.close()
            for _ in 1...2 {
                let error = await #expect(throws: SQLError.self) {
                    try await database.read { try $0.query("SELECT sum(length(name)) FROM things") }
                }
                #expect(
                    error?.code == .damaged && error?.message.contains(file.path) == true,
                    "\(String(describing: error))")
                #expect(error?.isTransient == true, "whoever serves waits for its repair")
            }
            try await database.close()
        }
    }

    /// Two processes that make a database at once have the same one.
    @Test func aNewDatabaseIsMadeOnce() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "new-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.path + "/things.sqlite"
        try await withThrowingTaskGroup { tasks in
            for number in 1...4 {
                tasks.addTask {
                    let database = try SQLiteDatabase(path: path)
                    try await database.migrate([.things])
                    try await database.transaction { connection in
                        try connection.execute("INSERT INTO things (name) VALUES (?)", [.text("\(number)")])
                    }
                    try await database.close()
                }
            }
            try await tasks.waitForAll()
        }
        let database = try SQLiteDatabase(path: path)
        #expect(try await database.read { try $0.query("SELECT id FROM things") }.count == 4)
        try await database.close()
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(!files.contains { $0.contains(".new-") }, "\(files)")
        try FileManager.default.removeItem(at: folder)
    }
}
