vcl 4.1;

# Where the roles are. A probe finds an origin that froze; one that died is found by the request that meets it.
probe twitchy_health {
    .url = "/healthz";
    .interval = 1s;
    .timeout = 1s;
    .window = 3;
    .threshold = 2;
    .initial = 2;
}

backend origin_1 {
    .host = "127.0.0.1";
    .port = "8081";
    .probe = twitchy_health;
    .connect_timeout = 1s;
    # An origin holds a request for up to three target durations (6 s) before it says 503.
    .first_byte_timeout = 9s;
    .between_bytes_timeout = 5s;
}

backend origin_2 {
    .host = "127.0.0.1";
    .port = "8082";
    .probe = twitchy_health;
    .connect_timeout = 1s;
    .first_byte_timeout = 9s;
    .between_bytes_timeout = 5s;
}

# Everything that is not HLS: pages, REST, pushes and chat. With roles of their own put nginx in front, which tells
# them apart, and let it pass only /hls/ here.
backend others {
    .host = "127.0.0.1";
    .port = "8080";
    .connect_timeout = 1s;
    .first_byte_timeout = 60s;
}

sub vcl_init {
    new origins = directors.shard();
    origins.add_backend(origin_1);
    origins.add_backend(origin_2);
    origins.reconfigure();
}
