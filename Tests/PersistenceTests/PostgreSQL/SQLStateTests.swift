import Testing

@testable import Persistence

struct SQLStateTests {
    @Test(arguments: [
        ("23505", SQLError.Code.uniqueViolation), ("23503", .foreignKeyViolation), ("23502", .notNullViolation),
        ("23514", .checkViolation), ("25006", .readOnly), ("55P03", .busy), ("57014", .busy), ("40001", .busy),
        ("40P01", .busy), ("08006", .unavailable), ("08P01", .unavailable), ("57P01", .unavailable),
        ("57P03", .unavailable), ("53300", .unavailable), ("53100", .unavailable), ("58030", .unavailable),
        ("25P03", .unavailable), ("28P01", .accessDenied), ("28000", .accessDenied), ("3D000", .accessDenied),
        ("22021", .invalidText), ("42601", .other), ("42P01", .other), ("XX000", .other),
    ])
    func statesAreCodes(state: String, code: SQLError.Code) {
        #expect(SQLState(state).code == code)
    }

    @Test func theStateOfARefusalIsInItsWords() {
        let words = """
            connection to server at "127.0.0.1", port 5432 failed: FATAL:  28P01: password authentication failed for user "x"
            LOCATION:  auth_failed, auth.c:338
            """
        #expect(SQLState(inMessage: words) == "28P01")
        #expect(SQLState(inMessage: "could not translate host name") == nil)
    }
}
