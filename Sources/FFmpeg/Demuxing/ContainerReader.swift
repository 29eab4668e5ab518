/// Finds the packets of one container.
protocol ContainerReader: AnyObject {
    /// The next item, or `nil` at the end of the stream.
    func next() throws(FFmpegError) -> DemuxedItem?
}
