// Writes to a stream socket that does not block, in one call each, and never raises SIGPIPE.
#pragma once

#include <stddef.h>
#include <sys/types.h>

// A head with a body behind it. Returns how many bytes the kernel took, 0 if it takes none now, -1 on an error.
ssize_t twitchy_send(int socket, const void *head, size_t head_size, const void *body, size_t body_size);

// The same, with a whole file of `body_size` bytes as the body: its pages are shared, not copied.
ssize_t twitchy_send_file(int socket, const void *head, size_t head_size, int file, size_t body_size);

// A file without a name that holds these bytes in memory. Returns its descriptor, or -1.
int twitchy_memory_file(const void *bytes, size_t size);
