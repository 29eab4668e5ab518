/// What every connection of an encoder needs.
struct IngestContext: Sendable {
    let admission: Admission
    let streams: LiveStreams
    let settings: IngestSettings
    let metrics: IngestMetrics
    let listeners: ListenerNumbers
    let ports: OpenPorts
}
