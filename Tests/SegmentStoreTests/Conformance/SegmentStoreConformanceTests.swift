import NIOCore
import SegmentStore
import Testing

/// What every segment store promises.
@Suite(.timeLimit(.minutes(20))) struct SegmentStoreConformanceTests {
    @Test(arguments: StoreUnderTest.allCases) func objectsAreWrittenAndReplaced(kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            #expect(try await store.get("s/aac-64/1-0.m4s") == nil)
            try await store.put(ByteBuffer(string: "one"), at: "s/aac-64/1-0.m4s")
            try await store.put(ByteBuffer(string: "two"), at: "s/aac-64/1-0.m4s")
            try await store.put(ByteBuffer(), at: "s/aac-64/empty.m4s")
            #expect(try await store.get("s/aac-64/1-0.m4s") == ByteBuffer(string: "two"))
            #expect(try await store.get("s/aac-64/empty.m4s") == ByteBuffer())
            #expect(try await store.get("s/aac-64") == nil)
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func everyByteSurvives(kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            var bytes = ByteBuffer()
            for number in 0..<300_000 { bytes.writeInteger(UInt8(truncatingIfNeeded: number &* 7 ^ number >> 8)) }
            // Readers see what lies between the indices, nothing else.
            bytes.moveReaderIndex(forwardBy: 1001)
            try await store.put(bytes, at: "s/flac/1-0.m4s")
            #expect(try await store.get("s/flac/1-0.m4s") == bytes)
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func whatIsSetAsideHasAnotherName(kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.put(ByteBuffer(string: "{"), at: "s/index.json")
            let other = try await store.setAside("s/index.json")
            #expect(other.wholeMatch(of: /s\/index\.damaged-[0-9]{8}T[0-9]{6}\.[0-9]{3}Z?\.json/) != nil, "\(other)")
            #expect(try await store.get("s/index.json") == nil)
            #expect(try await store.get(other) == ByteBuffer(string: "{"))
            // Nothing there is no error.
            try await store.setAside("s/index.json")
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func removalTakesTheFolderAndNothingElse(
        kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            for key in ["s/a/1.m4s", "s/index.json", "s2/index.json", "s-2/a/1.m4s"] {
                try await store.put(ByteBuffer(string: key), at: key)
            }
            try await store.remove(under: "s")
            try await store.remove(under: "s")
            try await store.remove(under: "never")
            #expect(try await store.get("s/a/1.m4s") == nil)
            #expect(try await store.get("s/index.json") == nil)
            #expect(try await store.get("s2/index.json") == ByteBuffer(string: "s2/index.json"))
            #expect(try await store.streams() == ["s-2", "s2"])
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func namedObjectsAreRemovedThereOrNot(kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            for number in 0..<4 { try await store.put(ByteBuffer(string: "x"), at: "s/a/1-\(number).m4s") }
            try await store.remove(["s/a/1-1.m4s", "s/a/1-9.m4s", "s/a/1-3.m4s"])
            try await store.remove([])
            #expect(
                try await store.objects(under: "s", after: nil, limit: 10).map(\.key) == ["s/a/1-0.m4s", "s/a/1-2.m4s"])
            // With its last object a stream is gone, and a new one may come in its place.
            try await store.remove(["s/a/1-0.m4s", "s/a/1-2.m4s"])
            #expect(try await store.streams() == [])
            try await store.put(ByteBuffer(string: "x"), at: "s/a/1-0.m4s")
            #expect(try await store.streams() == ["s"])
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func listingsAreSortedPagedAndTrue(kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            // `-` and `.` sort before the slash of a folder, digits behind it.
            let keys = ["s/a-1/x", "s/a.1", "s/a/x", "s/a/y/z", "s/a0", "s/b/x"]
            for (length, key) in keys.enumerated() {
                try await store.put(ByteBuffer(repeating: 7, count: length), at: key)
            }
            try await store.put(ByteBuffer(string: "x"), at: "t/a")
            let all = try await store.objects(under: "s", after: nil, limit: 1000)
            #expect(all.map(\.key) == keys)
            #expect(all.map(\.byteCount) == [0, 1, 2, 3, 4, 5])
            #expect(all.allSatisfy { $0.modifiedAt > 1_700_000_000 })
            var pages: [[String]] = []
            var last: String?
            repeat {
                let page = try await store.objects(under: "s", after: last, limit: 4).map(\.key)
                pages.append(page)
                last = page.count == 4 ? page.last : nil
            } while last != nil
            #expect(pages == [Array(keys[..<4]), Array(keys[4...])])
            #expect(try await store.objects(under: "s/a", after: nil, limit: 9).map(\.key) == ["s/a/x", "s/a/y/z"])
            #expect(try await store.objects(under: "never", after: nil, limit: 9) == [])
            #expect(try await store.streams() == ["s", "t"])
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func aLongShowIsRemovedToItsLastObject(kind: StoreUnderTest) async throws
    {
        try await kind.withStore { store in
            try await withThrowingDiscardingTaskGroup { group in
                for number in 0..<2100 {
                    if number % 32 == 31 { await Task.yield() }
                    group.addTask {
                        // As many at once as wait without being refused.
                        try await store.putPatiently(ByteBuffer(string: "x"), at: "s/a/1-\(number).m4s")
                    }
                }
            }
            #expect(try await store.objects(under: "s", after: nil, limit: 1000).count == 1000)
            try await store.remove(under: "s")
            #expect(try await store.objects(under: "s", after: nil, limit: 1000) == [])
        }
    }

    /// Two writers of one key: what is there is one of both, never a mixture.
    @Test(arguments: StoreUnderTest.allCases) func twoWritersOfAKeyDoNotMix(kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            await withThrowingTaskGroup { group in
                for writer in 0..<8 {
                    group.addTask {
                        try await store.put(ByteBuffer(repeating: UInt8(writer), count: 100_000 + writer), at: "s/x")
                    }
                    group.addTask {
                        guard let bytes = try await store.get("s/x") else { return }
                        let writer = Int(bytes.readableBytesView[bytes.readerIndex])
                        #expect(bytes == ByteBuffer(repeating: UInt8(writer), count: 100_000 + writer))
                    }
                }
            }
        }
    }

    @Test(
        arguments: StoreUnderTest.allCases,
        [
            "", "/", "a//b", "../etc/passwd", "s/../../x", ".hidden", "s/.x", "s/a b", "s/%2e", "s/\u{e9}", "s\\x",
            "s/", "/s", "s/x\u{0}", String(repeating: "a", count: 256), String(repeating: "a/", count: 500) + "a",
        ])
    func strangeKeysAreRefused(kind: StoreUnderTest, key: String) async throws {
        try await kind.withStore { store in
            func isRefused(_ error: any Error) -> Bool {
                if case SegmentStoreError.invalidKey(key) = error { true } else { false }
            }
            await #expect { try await store.get(key) } throws: { isRefused($0) }
            await #expect { try await store.put(ByteBuffer(), at: key) } throws: { isRefused($0) }
            await #expect { try await store.remove(under: key) } throws: { isRefused($0) }
            await #expect { try await store.remove([key]) } throws: { isRefused($0) }
            await #expect { try await store.objects(under: key, after: nil, limit: 1) } throws: { isRefused($0) }
        }
    }
}

extension SegmentStore {
    /// Comes back when too many wait.
    fileprivate func putPatiently(_ bytes: ByteBuffer, at key: String) async throws {
        while true {
            do {
                return try await put(bytes, at: key)
            } catch SegmentStoreError.busy {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
