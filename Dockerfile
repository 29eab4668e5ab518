# syntax=docker/dockerfile:1
# One image for every role: `docker run … twitchy serve`, `twitchy origin`, …
# Both stages are Debian 12, so that what is linked in the first is what runs in the second.
ARG SWIFT_VERSION=6.3.1

FROM swift:${SWIFT_VERSION}-bookworm AS build
WORKDIR /build
# The list of packages has one place, which developers' machines use as well.
COPY scripts/install-dependencies.sh scripts/
RUN scripts/install-dependencies.sh run && rm -rf /var/lib/apt/lists/*
COPY Package.swift ./
COPY Sources Sources
# The manifest names the test targets too, and is not read without their folders.
COPY Tests Tests
COPY Benchmarks Benchmarks
# Names of functions stay for crash reports; the debug sections would be most of the file.
RUN --mount=type=cache,target=/build/.build \
    swift build -c release --product twitchy --static-swift-stdlib \
    && objcopy --strip-debug .build/release/twitchy /usr/local/bin/twitchy

FROM debian:bookworm-slim AS runtime
LABEL org.opencontainers.image.title="Twitchy" \
      org.opencontainers.image.description="Live audio: push with any encoder, listen in any HLS player"
# What `ldd twitchy` asks for beyond the C library, and the roots for amqps, TLS to PostgreSQL and S3.
# Versions are Debian's: a pinned one would be gone from the archive with the next security update.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates \
        libavcodec59 \
        libavformat59 \
        libavutil57 \
        libpq5 \
        librabbitmq4 \
        libsqlite3-0 \
        libstdc++6 \
        libswresample4 \
        zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*.log /var/log/apt \
    && install -d -o 10001 -g 10001 -m 0750 /data
COPY --from=build /usr/local/bin/twitchy /usr/local/bin/twitchy
COPY --chmod=0755 deploy/docker/twitchy-health /usr/local/bin/twitchy-health

# A number, because Kubernetes' runAsNonRoot cannot look names up. Nothing but /data is ever written.
USER 10001:10001
WORKDIR /data
VOLUME /data
# A container's loopback is nobody's: the public ports listen on all addresses, the admin port stays inside. A server
# that dies ends its container, which whoever runs it starts again.
ENV TWITCHY_BIND=0.0.0.0 \
    TWITCHY_NO_SUPERVISE=true \
    TWITCHY_DATA=/data
EXPOSE 1935 1936 8000 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 CMD ["twitchy-health", "/readyz"]
ENTRYPOINT ["twitchy"]
CMD ["serve"]
