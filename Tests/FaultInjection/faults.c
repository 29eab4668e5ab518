// Loaded into a server with LD_PRELOAD: what a real machine does once a year, on demand.
//
// A packet that holds TWITCHY-POISON crashes whoever hands it to a decoder. While the file that FAULT_DISK_FULL names is
// there, nothing can be written below the folder that FAULT_DISK_FOLDER names. The wall clock is FAULT_CLOCK_SECONDS fast.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int avcodec_send_packet(AVCodecContext *context, const AVPacket *packet) {
    static int (*next)(AVCodecContext *, const AVPacket *);
    if (!next) next = (int (*)(AVCodecContext *, const AVPacket *))dlsym(RTLD_NEXT, "avcodec_send_packet");
    static const char marker[] = "TWITCHY-POISON";
    if (packet && packet->data && memmem(packet->data, (size_t)packet->size, marker, sizeof marker - 1)) abort();
    return next(context, packet);
}

static int is_on_full_disk(int descriptor) {
    const char *flag = getenv("FAULT_DISK_FULL");
    const char *folder = getenv("FAULT_DISK_FOLDER");
    if (!flag || !folder || access(flag, F_OK) != 0) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strncmp(path, folder, strlen(folder)) == 0;
}

// SQLite's way to write.
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    static ssize_t (*next)(int, const void *, size_t, off64_t);
    if (!next) next = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    if (is_on_full_disk(descriptor)) {
        errno = ENOSPC;
        return -1;
    }
    return next(descriptor, bytes, count, offset);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    static ssize_t (*next)(int, const void *, size_t);
    if (!next) next = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    if (is_on_full_disk(descriptor)) {
        errno = ENOSPC;
        return -1;
    }
    return next(descriptor, bytes, count);
}

static time_t seconds_fast(void) {
    const char *seconds = getenv("FAULT_CLOCK_SECONDS");
    return seconds ? atol(seconds) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*next)(clockid_t, struct timespec *);
    if (!next) next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = next(clock, now);
    if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += seconds_fast();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    static int (*next)(struct timeval *, void *);
    if (!next) next = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
    int result = next(now, zone);
    if (result == 0) now->tv_sec += seconds_fast();
    return result;
}

time_t time(time_t *now) {
    struct timespec spec;
    clock_gettime(CLOCK_REALTIME, &spec);
    if (now) *now = spec.tv_sec;
    return spec.tv_sec;
}
