import AccountService
import Logging
import MessageBus
import Persistence
import Telemetry

/// The accounts' database, for commands of administration.
enum Accounts {
    /// Writes to the database also while a server runs, whose relay sees it within 250 ms, and says which it was.
    static func with<Value>(
        _ options: AdministrationOptions, _ body: (AccountService) async throws -> Value
    ) async throws -> Value {
        let target = try options.target()
        let value = try await with(target, body)
        // Not before: whoever fails says one line.
        Failure.report(target.description)
        return value
    }

    static func with<Value>(
        _ target: AdministrationTarget, _ body: (AccountService) async throws -> Value
    ) async throws -> Value {
        let configuration = target.configuration
        let output = LogOutput(level: .error)
        let folder = configuration.databaseURL == nil ? try DataFolder.make(configuration.data) : nil
        let database = try Databases.open(Role.accounts.rawValue, configuration, folder: folder)
        let accounts = AccountService(
            database: database, bus: InProcessMessageBus(), logger: output.logger(label: "accounts"))
        do {
            try await Failure.explaining(Databases.place(Role.accounts.rawValue, configuration)) {
                try await accounts.prepare()
            }
            let value = try await body(accounts)
            try await database.close()
            return value
        } catch let error as AccountError {
            throw Failure(code: Failure.usage, description: "\(error.description) (\(target.description))")
        } catch let error as SQLError where error.code != .damaged {
            throw Failure(code: Failure.unavailable, description: "the accounts' database: \(error.message)")
        }
    }
}
