import Foundation
import NIOCore
import NIOPosix
import SegmentStore

/// The store that the configuration names, and what has to be closed with it.
struct SegmentStores {
    let store: any SegmentStore
    /// nil where segments are not files.
    let files: FileSegmentStore?
    private let remote: S3SegmentStore?

    /// - Parameters:
    ///   - folder: where segments lie unless another folder is named.
    ///   - threads: for files.
    /// - Throws: `Failure` with code 64 when credentials are missing.
    init(
        _ location: SegmentLocation, data folder: String, threads: NIOThreadPool, group: any EventLoopGroup,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        switch location {
        case .files(let path):
            let files = FileSegmentStore(root: path ?? folder + "/segments", threads: threads)
            store = files
            self.files = files
            remote = nil
        case .s3(let location):
            do {
                let credentials = try S3Credentials(environment: environment)
                let remote = S3SegmentStore(location: location, credentials: credentials, group: group)
                store = remote
                self.remote = remote
                files = nil
            } catch {
                throw Failure(code: Failure.usage, description: "--segment-store: \(error.description)")
            }
        }
    }

    func close() async throws { try await remote?.shutdown() }
}
