import NIOCore
import Testing

@testable import RTMP

@Suite struct UnreadBytesTests {
    @Test func whatWasLeftComesBeforeWhatIsNew() {
        var unread = UnreadBytes()
        var piece = ByteBuffer(bytes: [1, 2, 3])
        var input = unread.join(&piece)
        #expect(piece.readableBytes == 0)
        input.moveReaderIndex(forwardBy: 1)
        unread.keep(input)
        piece = ByteBuffer(bytes: [4])
        input = unread.join(&piece)
        #expect(input == ByteBuffer(bytes: [2, 3, 4]))
        unread.keep(input)
        piece = ByteBuffer(bytes: [5])
        #expect(unread.join(&piece) == ByteBuffer(bytes: [2, 3, 4, 5]))
    }

    /// A few bytes of a header do not hold on to the read that they came with, however often that happens.
    @Test func aRestDoesNotKeepWhatWasRead() {
        var unread = UnreadBytes()
        for _ in 0..<100 {
            var piece = ByteBuffer(repeating: 7, count: 65_536)
            var input = unread.join(&piece)
            #expect(input.readableBytes <= 65_536 + 5)
            #expect(input.storageCapacity <= 4 * 65_536)
            input.moveReaderIndex(to: input.writerIndex - 5)
            unread.keep(input)
        }
        var nothing = ByteBuffer()
        #expect(unread.join(&nothing).storageCapacity <= 64)
    }
}
