import NIOCore

/// A second, plain reading of the box structure, so that tests do not rely on the module's own reader.
struct BoxTree {
    var type: String
    var body: [UInt8]
    var children: [BoxTree]

    private static let containers: Set<String> = [
        "moov", "trak", "mdia", "minf", "stbl", "mvex", "moof", "traf", "dinf",
    ]

    /// The boxes in `bytes`; those in sample entries and in `stsd` are read too.
    static func read(_ bytes: [UInt8]) -> [BoxTree] {
        var boxes: [BoxTree] = []
        var rest = bytes[...]
        while rest.count >= 8 {
            let size = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            let type = String(decoding: rest.dropFirst(4).prefix(4), as: UTF8.self)
            guard size >= 8, size <= rest.count else { return boxes }
            let body = Array(rest.prefix(size).dropFirst(8))
            let inner: [UInt8] =
                switch type {
                case _ where containers.contains(type): body
                case "stsd": Array(body.dropFirst(8))
                case "mp4a", "Opus", "fLaC": Array(body.dropFirst(28))
                default: []
                }
            boxes.append(BoxTree(type: type, body: body, children: read(inner)))
            rest = rest.dropFirst(size)
        }
        return boxes
    }

    /// The first box below that has this type, at any depth.
    func first(_ type: String) -> BoxTree? {
        for child in children {
            if child.type == type { return child }
            if let found = child.first(type) { return found }
        }
        return nil
    }

    /// Every type in the order of the file.
    var types: [String] {
        [type] + children.flatMap(\.types)
    }
}

extension Array<BoxTree> {
    func first(_ type: String) -> BoxTree? {
        BoxTree(type: "", body: [], children: self).first(type)
    }

    var types: [String] { flatMap(\.types) }
}

extension [UInt8] {
    /// A big-endian integer at an offset.
    func integer(at offset: Int, bytes count: Int) -> Int {
        self[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
    }
}

extension ByteBuffer {
    var bytes: [UInt8] { Array(readableBytesView) }
}
