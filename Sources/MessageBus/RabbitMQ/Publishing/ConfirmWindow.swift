import NIOCore

/// What was submitted and is not confirmed, by the numbers that a channel in confirm mode counts.
///
/// RabbitMQ confirms single messages or all up to one, in any order.
struct ConfirmWindow<Element> {
    private struct Entry {
        let element: Element
        var isReturned = false
    }

    /// The first is number `first`; a confirmed one in the middle is `nil`.
    private var entries = CircularBuffer<Entry?>()
    private var first: UInt64 = 1
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// - Returns: its number on the channel.
    mutating func append(_ element: Element) -> UInt64 {
        entries.append(Entry(element: element))
        count += 1
        return first + UInt64(entries.count - 1)
    }

    /// The broker found nothing that would take this one. Its confirmation is still to come.
    mutating func markReturned(_ number: UInt64) {
        guard let index = index(of: number) else { return }
        entries[index]?.isReturned = true
    }

    /// - Returns: what is confirmed by this, in order. Numbers that are settled or were never given are ignored.
    mutating func settle(_ number: UInt64, multiple: Bool) -> [(element: Element, isReturned: Bool)] {
        var settled: [(element: Element, isReturned: Bool)] = []
        // Nothing behind the last can be meant.
        let end = min(number, first + UInt64(entries.count) - 1) + 1
        let start = multiple ? first : max(first, number)
        for number in start..<max(start, end) {
            guard let index = index(of: number), let entry = entries[index] else { continue }
            entries[index] = nil
            settled.append((entry.element, entry.isReturned))
        }
        count -= settled.count
        while case .some(nil) = entries.first {
            entries.removeFirst()
            first += 1
        }
        return settled
    }

    /// Everything that is not confirmed, in order. The next number is 1 again, as on a new channel.
    mutating func removeAll() -> [Element] {
        defer { self = ConfirmWindow() }
        return entries.compactMap { $0?.element }
    }

    private func index(of number: UInt64) -> CircularBuffer<Entry?>.Index? {
        guard number >= first, number - first < UInt64(entries.count) else { return nil }
        return entries.index(entries.startIndex, offsetBy: Int(number - first))
    }
}
