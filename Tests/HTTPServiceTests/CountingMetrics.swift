import Synchronization

@testable import HTTPService

final class CountingMetrics: HTTPServerMetrics {
    private let sum = Mutex(HTTPServerCounts())

    var total: HTTPServerCounts { sum.withLock { $0 } }

    func add(_ counts: HTTPServerCounts) {
        sum.withLock { sum in
            sum.connectionsOpened += counts.connectionsOpened
            sum.connectionsClosed += counts.connectionsClosed
            sum.requests += counts.requests
            sum.responseBytes += counts.responseBytes
            sum.successful += counts.successful
            sum.clientErrors += counts.clientErrors
            sum.serverErrors += counts.serverErrors
            sum.handedOver += counts.handedOver
        }
    }
}
