import Glibc

/// Swift strings as C's arrays of strings, for as long as a body runs.
enum CStrings {
    /// Calls `body` with the strings and a null pointer behind them.
    static func with<T>(_ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> T) -> T {
        let copies = strings.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        let pointers = copies.map { UnsafePointer<CChar>($0) } + [nil]
        return pointers.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("an array with an element has a base") }
            return body(base)
        }
    }
}
