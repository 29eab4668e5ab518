#define _GNU_SOURCE
#include "CSocket.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static ssize_t outcome(ssize_t sent) {
    if (sent >= 0) return sent;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

ssize_t twitchy_send(int socket, const void *head, size_t head_size, const void *body, size_t body_size) {
    if (body_size == 0) return outcome(send(socket, head, head_size, MSG_DONTWAIT | MSG_NOSIGNAL));
    struct iovec parts[] = {{(void *)head, head_size}, {(void *)body, body_size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    return outcome(sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

ssize_t twitchy_send_file(int socket, const void *head, size_t head_size, int file, size_t body_size) {
    // The kernel holds the head back until the body follows: one packet less.
    ssize_t sent = outcome(send(socket, head, head_size, MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL));
    if (sent < 0 || (size_t)sent < head_size) return sent;
    off_t offset = 0;
    while ((size_t)offset < body_size) {
        // An error that lasts comes again when the rest is written.
        if (sendfile(socket, file, &offset, body_size - (size_t)offset) <= 0) break;
    }
    return sent + offset;
}

int twitchy_memory_file(const void *bytes, size_t size) {
    int file = memfd_create("twitchy-response", MFD_CLOEXEC);
    if (file < 0) return -1;
    size_t written = 0;
    while (written < size) {
        ssize_t count = write(file, (const char *)bytes + written, size - written);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            close(file);
            return -1;
        }
        written += (size_t)count;
    }
    return file;
}
