/// Something to be done on the thread of a connection once that stands.
struct ConnectionCommand: Sendable {
    /// When it is given up if there is no connection; `nil` for what has no meaning without the present connection,
    /// and is dropped with it.
    let deadline: ContinuousClock.Instant?
    let run: @Sendable (Session) -> Void
    /// Called instead of `run`.
    let fail: @Sendable (BusError) -> Void
}
