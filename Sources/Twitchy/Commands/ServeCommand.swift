import ArgumentParser
import Ingest
import Telemetry

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run all roles in one process.")

    @OptionGroup var options: ServerOptions

    func run() async throws {
        let configuration = try Configuration(options)
        let output = LogOutput(level: configuration.logLevel)
        output.bootstrap()
        do {
            try await Server(configuration: configuration, output: output).run()
        } catch let error as IngestError {
            throw Failure(code: Failure.unavailable, description: error.description)
        }
    }
}
