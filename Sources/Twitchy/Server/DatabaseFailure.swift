import Persistence

extension Failure {
    /// Why a database cannot be used, and what to do about it, in one line; nil for errors of other kinds.
    /// - Parameter place: its file or schema, where the error does not name it.
    init?(database error: any Error, place: String? = nil) {
        let place = place.map { "\($0): " } ?? ""
        switch error {
        case let error as SQLError where error.code == .damaged:
            self.init(
                code: Self.damaged,
                description:
                    "\(error.message): restore the file from a backup, or move it away to begin anew without what was in it"
            )
        case MigrationError.newerThanProgram(let schema, let found, let known):
            self.init(
                code: Self.damaged,
                description:
                    "\(place)written by a newer version of Twitchy (\(schema) \(found), this one knows \(known)): start that version, or restore a backup"
            )
        case let error as MigrationError:
            self.init(
                code: Self.damaged,
                description: "\(place)\(error) Restore the file from a backup, or start the version that wrote it")
        case let error as SQLError where error.isTransient || error.code == .readOnly:
            self.init(code: Self.temporary, description: "\(place)cannot be used now: \(error.message)")
        case let error as SQLError:
            // Tables of somebody else, for example.
            self.init(
                code: Self.damaged,
                description:
                    "\(place)not a database of this program (\(error.message)): restore the file from a backup, or move it away to begin anew"
            )
        default: return nil
        }
    }

    /// The errors of `body` as failures.
    static func explaining(_ place: String, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            if let failure = Failure(database: error, place: place) { throw failure }
            throw error
        }
    }
}
