import ArgumentParser

/// What a word that is no command was meant to be.
enum CommandNames {
    /// In words, nil where no command was expected.
    static func complaint(_ arguments: [String]) -> String? {
        var command: any ParsableCommand.Type = TwitchyCommand.self
        for argument in arguments {
            let known = command.configuration.subcommands
            guard !argument.hasPrefix("-"), argument != "help", !known.isEmpty else { return nil }
            if let next = known.first(where: { $0._commandName == argument }) {
                command = next
            } else {
                let names = known.map { $0._commandName }
                guard NearestName.of(argument, among: names) == nil else {
                    return "unknown command \(argument)\(NearestName.question(argument, among: names))"
                }
                return "unknown command \(argument): there are \(names.joined(separator: ", "))"
            }
        }
        return nil
    }

    /// What the parser says of an unknown option, with the one that was meant: it suggests none of those that are not in
    /// the command's own help.
    static func namingNearestOption(_ line: String) -> String {
        guard let match = line.wholeMatch(of: /Unknown option '--([a-z0-9-]+)'/),
            let name = NearestName.of(String(match.1), among: ServerOptions.names)
        else { return line }
        return "\(line). Did you mean '--\(name)'?"
    }
}
