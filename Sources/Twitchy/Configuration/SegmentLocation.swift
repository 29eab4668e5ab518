import SegmentStore

/// Where segments are kept: `file:FOLDER`, `file:` for the data folder, or `s3://BUCKET…`.
enum SegmentLocation: Equatable {
    /// nil: in the data folder.
    case files(String?)
    case s3(S3Location)

    struct Failure: Error {
        let description: String
    }

    init(parsing text: String) throws(Failure) {
        if text.hasPrefix("file:") {
            let folder = String(text.dropFirst(5))
            self = .files(folder.isEmpty ? nil : folder)
        } else if text.hasPrefix("s3:") {
            do {
                self = .s3(try S3Location(parsing: text))
            } catch {
                throw Failure(description: error.description)
            }
        } else {
            throw Failure(description: "\"\(text)\" is neither file:FOLDER nor s3://BUCKET?endpoint=URL&region=REGION")
        }
    }

    /// Whether the store may be out of reach while this machine is well.
    var isRemote: Bool {
        if case .s3 = self { true } else { false }
    }
}
