import Foundation

/// The memory that the process has in use.
func residentBytes() -> Int {
    let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4096
}

/// The least that memory in use grows by in several runs of `body`: what stays behind stays each time, while other tests
/// that run at the same time do not always take more.
func leastGrowth(rounds: Int = 4, _ body: () throws -> Void) rethrows -> Int {
    var least = Int.max
    for _ in 0..<rounds {
        let before = residentBytes()
        try body()
        least = min(least, residentBytes() - before)
    }
    return least
}
