/// The state of all checks at one moment: the answer to `GET /readyz`.
public struct HealthReport: Sendable, Equatable {
    public struct Check: Sendable, Equatable {
        public var name: String
        public var state: HealthState

        public init(name: String, state: HealthState) {
            self.name = name
            self.state = state
        }
    }

    /// Sorted by name.
    public var checks: [Check]

    public init(checks: [Check]) {
        self.checks = checks
    }

    /// Whether no check has failed: 200 or 503.
    public var isReady: Bool {
        checks.allSatisfy { check in
            if case .failed = check.state { false } else { true }
        }
    }

    /// `{"ready":true,"checks":{"broker":{"state":"degraded","reason":"…"},"database":{"state":"ok"}}}`
    public var json: String {
        var output = "{\"ready\":\(isReady),\"checks\":{"
        for (index, check) in checks.enumerated() {
            if index > 0 { output += "," }
            EscapedText.appendJSON(check.name, to: &output)
            output += ":{\"state\":\"\(check.state.name)\""
            if let reason = check.state.reason {
                output += ",\"reason\":"
                EscapedText.appendJSON(reason, to: &output, limit: 1024)
            }
            output += "}"
        }
        return output + "}}"
    }
}
