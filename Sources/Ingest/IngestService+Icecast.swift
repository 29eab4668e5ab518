public import HTTPService

extension IngestService {
    /// Answers Icecast sources and HTTP pushes.
    public var icecastResponder: any HTTPResponder { HTTPResponderFunction { _, _ in .pass } }
}
