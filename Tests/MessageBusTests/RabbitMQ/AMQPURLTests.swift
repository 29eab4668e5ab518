import Testing

@testable import MessageBus

struct AMQPURLTests {
    @Test func partsAreDecoded() throws {
        let url = try AMQPURL("amqps://us%65r:p%40ss%3Aword@bus.example:5999/live%2Fone?cacertfile=/etc/my%20ca.pem")
        #expect(url.isSecure && url.host == "bus.example" && url.port == 5999)
        #expect(url.user == "user" && url.password == "p@ss:word")
        #expect(url.virtualHost == "live/one" && url.authorityFile == "/etc/my ca.pem")
    }

    @Test func everythingButTheHostMayBeMissing() throws {
        let url = try AMQPURL("amqp://localhost")
        #expect(!url.isSecure && url.host == "localhost" && url.port == nil)
        #expect(url.user == nil && url.password == nil && url.virtualHost == nil)
        #expect(try AMQPURL("amqp://localhost/").virtualHost == nil)
        #expect(try AMQPURL("AMQP://a:@[::1]:1/%2F") == AMQPURL("amqp://a:@[::1]:1/%2F"))
        #expect(try AMQPURL("amqp://[::1]:7/x").host == "::1")
        #expect(try RabbitMQConfiguration(url: "amqps://[::1]").endpoint == "[::1]:5671")
    }

    @Test(arguments: [
        ("http://host", RabbitMQURLError.scheme), ("host:5672", .scheme), ("amqp://", .host), ("amqp://:5672", .host),
        ("amqp://host:0", .port), ("amqp://host:65536", .port), ("amqp://host:x", .port),
        ("amqp://host/a/b", .virtualHost), ("amqp://host/%2", .encoding), ("amqp://host/%zz", .encoding),
        ("amqp://host/%ff", .encoding), ("amqp://ho%00st", .encoding),
        ("amqps://host?heartbeat=1", .parameter("heartbeat")), ("amqp://host?cacertfile=a", .parameter("cacertfile")),
    ])
    func mistakesAreNamed(url: String, error: RabbitMQURLError) {
        #expect(throws: error) { try AMQPURL(url) }
    }

    @Test func descriptionsHaveNoSecrets() throws {
        let configuration = try RabbitMQConfiguration(url: "amqps://name-x:secret-x@host/vhost")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("secret-x") && !text.contains("name-x"))
            #expect(text.contains("host:5671"))
        }
    }
}
