import Testing

/// The few things about the source tree that must never slip.
@Suite struct RepositoryTests {
    @Test(arguments: Rule.all)
    func theRepositoryIsTidy(rule: Rule) throws {
        let violations = rule.violations(try SourceTree.repository.get())
        #expect(violations.isEmpty, "\(violations.map(\.description).joined(separator: "\n"))")
    }

    /// A tree that was not found would be tidy.
    @Test func theTreeIsFound() throws {
        let tree = try SourceTree.repository.get()
        #expect(tree.files.filter { $0.module == "Telemetry" }.count > 10)
        #expect(tree.files.contains { $0.path == "Makefile" })
        #expect(tree.files.contains { $0.path == "Tests/TidyTests/RepositoryTests.swift" })
    }
}
