// Many HLS listeners in one process, for benchmarks: what they are answered, how long they waited, and how far apart the
// same part reached them. One thread, one epoll; the server is on this machine.
//
//   listeners PORT CHANNEL RENDITION low|plain COUNT SECONDS
//
// A low-latency listener has two connections: on one it asks for the playlist that has the next part (a blocking reload,
// RFC 8216bis §6.2.5.2), on the other for that part, which the last playlist hinted at. A plain one asks for the playlist
// every two seconds and for each new segment. Prints one JSON object.
//
// When a part reached a listener is the kernel's word (SO_TIMESTAMPNS): how long it then waited for this program, which
// is one for all listeners, is not the server's doing.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_LIMIT = 4096, BODY_LIMIT = 256 << 10, PATH_LIMIT = 256, WARM_UP_SECONDS = 5, PART_SLOTS = 4096 };

struct listener;

struct connection {
    int socket;
    bool busy, has_head;
    char request[PATH_LIMIT + 128];
    size_t request_length, request_sent;
    char head[HEAD_LIMIT + 1];
    size_t head_length, body_length, body_received;
    int status;
    char *body;  // Of playlists; null where nobody reads it.
    struct listener *listener;
};

struct listener {
    struct connection playlist, media;
    char hint[64];   // What the last playlist announced.
    char asked[64];  // The part that is being asked for.
    char last_segment[64];
    uint32_t number;
    uint64_t next_poll, last_media;
    uint64_t arrived;  // What was read last, by the kernel's clock.
    double longest_wait;
    bool has_failed;
};

// A part, and when the first listener and the last had all of it, by the kernel's clock.
struct part {
    char name[64];
    uint64_t first, last;
};

struct arrival {
    uint32_t part;
    uint64_t moment;
};

static struct sockaddr_in address;
static const char *channel, *rendition;
static char folder[128];
static bool low_latency;
static int epoll;
static uint64_t started, measuring_from;
static unsigned long requests, failures, statuses[6];
static uint64_t bytes;
static struct part parts[PART_SLOTS];
static struct arrival *arrivals;
static size_t arrival_count, arrival_room, part_count;
static char first_failure[256];

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "listeners: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(struct connection *connection, int operation) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (connection->request_sent < connection->request_length) event.events |= EPOLLOUT;
    if (epoll_ctl(epoll, operation, connection->socket, &event) != 0) die("epoll_ctl");
}

static void failed(struct connection *connection, const char *reason) {
    if (now() >= measuring_from) failures++;
    connection->listener->has_failed = true;
    if (first_failure[0] == 0)
        snprintf(first_failure, sizeof first_failure, "%s (%.*s)", reason,
            (int)strcspn(connection->request, "\r"), connection->request);
}

static void open_socket(struct connection *connection) {
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->socket < 0) die("socket");
    int on = 1;
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (setsockopt(connection->socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) die("SO_TIMESTAMPNS");
    // Each listener has an address of its own, as real ones have: the server limits what comes from one.
    struct sockaddr_in own = {.sin_family = AF_INET};
    own.sin_addr.s_addr = htonl(0x7f010001u + connection->listener->number);
    if (bind(connection->socket, (struct sockaddr *)&own, sizeof own) != 0) die("bind");
    if (connect(connection->socket, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS)
        die("connect");
}

static void flush_request(struct connection *connection) {
    while (connection->request_sent < connection->request_length) {
        ssize_t sent = send(connection->socket, connection->request + connection->request_sent,
            connection->request_length - connection->request_sent, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN || errno == ENOTCONN) return;
            return failed(connection, "the connection broke while asking");
        }
        connection->request_sent += (size_t)sent;
    }
}

static void ask(struct connection *connection, const char *path) {
    connection->request_length = (size_t)snprintf(connection->request, sizeof connection->request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: listeners\r\n\r\n", path);
    connection->request_sent = 0;
    connection->busy = true;
    connection->has_head = false;
    connection->head_length = connection->body_length = connection->body_received = 0;
    flush_request(connection);
    watch(connection, EPOLL_CTL_MOD);
}

static void ask_for_part(struct listener *listener) {
    char path[PATH_LIMIT];
    unsigned epoch, sequence, number;
    if (sscanf(listener->hint, "%u-%u.%u.m4s", &epoch, &sequence, &number) != 3)
        return failed(&listener->playlist, "the playlist hints at no part");
    memcpy(listener->asked, listener->hint, sizeof listener->asked);
    snprintf(path, sizeof path, "%s/%s", folder, listener->asked);
    ask(&listener->media, path);
    snprintf(path, sizeof path, "%s/live.m3u8?_HLS_msn=%u&_HLS_part=%u", folder, sequence, number);
    ask(&listener->playlist, path);
}

// The last word that follows `mark` in the text, up to a quotation mark or the end of its line.
static bool last_after(const char *text, const char *mark, char *word, size_t room) {
    const char *found = NULL;
    for (const char *at = text; (at = strstr(at, mark)) != NULL; at += strlen(mark)) found = at;
    if (found == NULL) return false;
    found += strlen(mark);
    size_t length = strcspn(found, "\"\r\n");
    if (length >= room) return false;
    memcpy(word, found, length);
    word[length] = 0;
    return true;
}

static void remember_arrival(const char *name, uint64_t moment) {
    unsigned hash = 2166136261u;
    for (const char *c = name; *c; c++) hash = (hash ^ (unsigned char)*c) * 16777619u;
    uint32_t slot = hash % PART_SLOTS;
    while (parts[slot].name[0] != 0 && strcmp(parts[slot].name, name) != 0) slot = (slot + 1) % PART_SLOTS;
    struct part *part = &parts[slot];
    if (part->name[0] == 0) {
        if (++part_count == PART_SLOTS) die("too many parts");
        snprintf(part->name, sizeof part->name, "%s", name);
        part->first = moment;
    }
    if (moment < part->first) part->first = moment;
    if (moment > part->last) part->last = moment;
    if (arrival_count == arrival_room) {
        arrival_room = arrival_room ? arrival_room * 2 : 1 << 16;
        arrivals = realloc(arrivals, arrival_room * sizeof *arrivals);
        if (arrivals == NULL) die("realloc");
    }
    arrivals[arrival_count++] = (struct arrival){slot, moment};
}

static void held_media(struct listener *listener) {
    uint64_t moment = now();
    if (moment >= measuring_from) {
        if (listener->last_media >= measuring_from) {
            double wait = (double)(moment - listener->last_media) / 1e9;
            if (wait > listener->longest_wait) listener->longest_wait = wait;
        }
        if (low_latency) remember_arrival(listener->asked, listener->arrived);
    }
    listener->last_media = moment;
}

static void read_playlist(struct listener *listener) {
    const char *text = listener->playlist.body;
    if (low_latency) {
        if (!last_after(text, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"", listener->hint, sizeof listener->hint))
            return failed(&listener->playlist, "the playlist hints at no part");
        return;
    }
    // Segments stand on lines of their own; the last is the newest.
    char name[64];
    const char *last = NULL;
    for (const char *line = text; line != NULL && *line; line = strchr(line, '\n'), line += line != NULL)
        if (*line != '#' && *line != '\n') last = line;
    if (last == NULL) return failed(&listener->playlist, "the playlist has no segment");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(last, "\r\n"), last);
    if (strcmp(name, listener->last_segment) != 0) {
        char path[PATH_LIMIT];
        memcpy(listener->last_segment, name, sizeof name);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        ask(&listener->media, path);
    }
}

static void answered(struct connection *connection) {
    struct listener *listener = connection->listener;
    connection->busy = false;
    requests++;
    statuses[connection->status / 100 % 6]++;
    if (connection->status != 200) return failed(connection, "not 200");
    if (connection == &listener->media) {
        held_media(listener);
    } else {
        read_playlist(listener);
    }
    if (low_latency && !listener->media.busy && !listener->playlist.busy && !listener->has_failed)
        ask_for_part(listener);
}

static bool parse_head(struct connection *connection) {
    char *end = strstr(connection->head, "\r\n\r\n");
    if (end == NULL) return false;
    connection->has_head = true;
    connection->status = atoi(connection->head + 9);
    char *length = strcasestr(connection->head, "\r\ncontent-length:");
    connection->body_length = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
    size_t surplus = connection->head_length - (size_t)(end + 4 - connection->head);
    if (surplus > 0 && connection->body != NULL) memcpy(connection->body, end + 4, surplus);
    connection->body_received = surplus;
    return true;
}

// As recv, and notes when the last of it reached the socket.
static ssize_t receive_bytes(struct connection *connection, void *to, size_t room) {
    struct iovec area = {to, room};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(struct timespec))];
    } control;
    struct msghdr message = {.msg_iov = &area, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t count = recvmsg(connection->socket, &message, 0);
    if (count <= 0) return count;
    struct cmsghdr *field = CMSG_FIRSTHDR(&message);
    if (field == NULL || field->cmsg_level != SOL_SOCKET || field->cmsg_type != SCM_TIMESTAMPNS)
        die("the kernel does not say when bytes came");
    struct timespec time;
    memcpy(&time, CMSG_DATA(field), sizeof time);
    connection->listener->arrived = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    return count;
}

static void receive(struct connection *connection) {
    static char scratch[1 << 16];
    while (connection->busy) {
        char *to = connection->head + connection->head_length;
        size_t room = HEAD_LIMIT - connection->head_length;
        if (connection->has_head) {
            to = scratch;
            room = sizeof scratch;
            if (connection->body != NULL) {
                to = connection->body + connection->body_received;
                room = BODY_LIMIT - connection->body_received;
            }
        }
        if (room == 0) return failed(connection, "an answer that is too large");
        ssize_t count = receive_bytes(connection, to, room);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) {
            epoll_ctl(epoll, EPOLL_CTL_DEL, connection->socket, NULL);
            return failed(connection, "the server closed the connection");
        }
        bytes += (uint64_t)count;
        if (!connection->has_head) {
            connection->head_length += (size_t)count;
            connection->head[connection->head_length] = 0;
            if (!parse_head(connection)) continue;
        } else {
            connection->body_received += (size_t)count;
        }
        if (connection->body_received >= connection->body_length) {
            if (connection->body != NULL) connection->body[connection->body_received] = 0;
            answered(connection);
        }
    }
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// Of every arrival, how long after the first of its part it came, and of every part how long after the first the last.
static void print_spreads(void) {
    float *each = calloc(arrival_count + 1, sizeof *each), *last = calloc(part_count + 1, sizeof *last);
    if (each == NULL || last == NULL) die("calloc");
    for (size_t index = 0; index < arrival_count; index++)
        each[index] = (float)(arrivals[index].moment - parts[arrivals[index].part].first) / 1e6f;
    size_t count = 0;
    for (size_t slot = 0; slot < PART_SLOTS; slot++)
        if (parts[slot].name[0]) last[count++] = (float)(parts[slot].last - parts[slot].first) / 1e6f;
    qsort(each, arrival_count, sizeof *each, ascending);
    qsort(last, count, sizeof *last, ascending);
    size_t last_arrival = arrival_count ? arrival_count - 1 : 0, last_part = count ? count - 1 : 0;
    printf(", \"partSpreadMilliseconds\": {\"p50\": %.2f, \"p99\": %.2f, \"most\": %.2f}", each[last_arrival / 2],
        each[last_arrival * 99 / 100], each[last_arrival]);
    printf(", \"lastListenerMilliseconds\": {\"p50\": %.2f, \"p90\": %.2f, \"most\": %.2f}", last[last_part / 2],
        last[last_part * 9 / 10], last[last_part]);
}

// The path of the rendition's folder, from the master playlist.
static void find_folder(int port) {
    char text[16384], request[512], mark[96];
    for (int attempt = 0; attempt < 200; attempt++, usleep(100000)) {
        int plain = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (plain < 0) die("socket");
        size_t length = 0;
        if (connect(plain, (struct sockaddr *)&address, sizeof address) == 0) {
            int size = snprintf(request, sizeof request,
                "GET /hls/%s/master.m3u8 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n", channel, port);
            ssize_t count = send(plain, request, (size_t)size, MSG_NOSIGNAL);
            while (count > 0 && length < sizeof text - 1) {
                count = recv(plain, text + length, sizeof text - 1 - length, 0);
                if (count > 0) length += (size_t)count;
            }
        }
        close(plain);
        text[length] = 0;
        snprintf(mark, sizeof mark, "/%s/live.m3u8", rendition);
        char *found = strstr(text, mark);
        if (found == NULL) continue;
        while (found > text && found[-1] != '\n') found--;
        int written = snprintf(folder, sizeof folder, "/hls/%s/%.*s", channel,
            (int)(strstr(found, "/live.m3u8") - found), found);
        if (written < 0 || (size_t)written >= sizeof folder) die("a path that is too long");
        return;
    }
    fprintf(stderr, "listeners: the channel has no rendition %s\n", rendition);
    exit(1);
}

int main(int count_of_arguments, char **arguments) {
    if (count_of_arguments != 7) {
        fprintf(stderr, "usage: listeners PORT CHANNEL RENDITION low|plain COUNT SECONDS\n");
        return 64;
    }
    int port = atoi(arguments[1]);
    channel = arguments[2];
    rendition = arguments[3];
    low_latency = strcmp(arguments[4], "low") == 0;
    int count = atoi(arguments[5]);
    double seconds = atof(arguments[6]);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    find_folder(port);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct listener *listeners = calloc((size_t)count, sizeof *listeners);
    if (epoll < 0 || listeners == NULL) die("start");

    started = now();
    // Listeners come one after the other over the first three seconds, and are measured from the fifth.
    measuring_from = started + WARM_UP_SECONDS * 1000000000ull;
    uint64_t ends = measuring_from + (uint64_t)(seconds * 1e9);
    char live[PATH_LIMIT + 16];
    snprintf(live, sizeof live, "%s/live.m3u8", folder);
    int begun = 0;
    while (now() < ends) {
        uint64_t moment = now();
        while (begun < count && moment - started > (uint64_t)begun * 3000000000ull / (uint64_t)count) {
            struct listener *listener = &listeners[begun];
            listener->number = (uint32_t)begun++;
            listener->playlist.listener = listener->media.listener = listener;
            listener->playlist.body = malloc(BODY_LIMIT + 1);
            if (listener->playlist.body == NULL) die("malloc");
            open_socket(&listener->playlist);
            open_socket(&listener->media);
            watch(&listener->playlist, EPOLL_CTL_ADD);
            watch(&listener->media, EPOLL_CTL_ADD);
            listener->next_poll = moment + 2000000000ull;
            ask(&listener->playlist, live);
        }
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, 5);
        if (ready < 0 && errno != EINTR) die("epoll_wait");
        for (int index = 0; index < ready; index++) {
            struct connection *connection = events[index].data.ptr;
            if (events[index].events & EPOLLOUT) {
                flush_request(connection);
                watch(connection, EPOLL_CTL_MOD);
            }
            if (events[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(connection);
        }
        moment = now();
        for (int index = 0; !low_latency && index < begun; index++) {
            struct listener *listener = &listeners[index];
            if (listener->next_poll > moment || listener->playlist.busy || listener->has_failed) continue;
            listener->next_poll += 2000000000ull;
            ask(&listener->playlist, live);
        }
    }
    double longest = 0;
    int silent = 0;
    uint64_t end = now();
    for (int index = 0; index < count; index++) {
        double since = (double)(end - listeners[index].last_media) / 1e9;
        if (listeners[index].last_media == 0 || since > 5) silent++;
        if (listeners[index].longest_wait > longest) longest = listeners[index].longest_wait;
    }
    printf("{\"listeners\": %d, \"kind\": \"%s\", \"seconds\": %.1f, \"requests\": %lu, \"bytes\": %llu, "
           "\"failures\": %lu, \"silentListeners\": %d, \"longestWaitSeconds\": %.3f",
        count, arguments[4], seconds, requests, (unsigned long long)bytes, failures, silent, longest);
    if (low_latency) print_spreads();
    if (first_failure[0]) printf(", \"firstFailure\": \"%s\"", first_failure);
    printf("}\n");
    return 0;
}
