// Socket addresses and control messages: the parts of the socket interface that are C macros and unions.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>

// Swift sees these as functions of plain pointers; glibc declares the originals with transparent unions.

/// Fills in a Unix address; returns its length, or 0 when the path is too long or empty. A path that begins with `@`
/// is no file but a name of the abstract namespace.
static inline socklen_t roost_unix_address(struct sockaddr_un *address, const char *path) {
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof address->sun_path) return 0;
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length + 1);
    if (path[0] != '@') return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}
static inline int roost_bind_unix(int fd, const char *path) {
    struct sockaddr_un address;
    socklen_t length = roost_unix_address(&address, path);
    if (length == 0) { errno = ENAMETOOLONG; return -1; }
    return bind(fd, (const struct sockaddr *)&address, length);
}
static inline int roost_connect_unix(int fd, const char *path) {
    struct sockaddr_un address;
    socklen_t length = roost_unix_address(&address, path);
    if (length == 0) { errno = ENAMETOOLONG; return -1; }
    return connect(fd, (const struct sockaddr *)&address, length);
}
static inline int roost_accept(int fd) { return accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }
static inline int roost_set_socket_flag(int fd, int option) {
    int on = 1;
    return setsockopt(fd, SOL_SOCKET, option, &on, sizeof on);
}
/// The pending error of a socket, 0 for none.
static inline int roost_socket_error(int fd, int *error) {
    socklen_t length = sizeof *error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, error, &length);
}
static inline int roost_peer_credentials(int fd, struct ucred *peer) {
    socklen_t length = sizeof *peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &length);
}

/// A numeric Internet address with its port. `family` is 0 when the text was not one.
struct roost_internet_address {
    union { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; } address;
    socklen_t length;
};
static inline int roost_parse_address(const char *host, uint16_t port, struct roost_internet_address *result) {
    memset(result, 0, sizeof *result);
    if (inet_pton(AF_INET, host, &result->address.v4.sin_addr) == 1) {
        result->address.v4.sin_family = AF_INET;
        result->address.v4.sin_port = htons(port);
        result->length = sizeof result->address.v4;
        return AF_INET;
    }
    if (inet_pton(AF_INET6, host, &result->address.v6.sin6_addr) == 1) {
        result->address.v6.sin6_family = AF_INET6;
        result->address.v6.sin6_port = htons(port);
        result->length = sizeof result->address.v6;
        return AF_INET6;
    }
    return 0;
}
static inline int roost_connect_address(int fd, const struct roost_internet_address *to) {
    return connect(fd, &to->address.any, to->length);
}

enum { roost_max_descriptors = 16 };

/// What came with a message besides its bytes.
struct roost_ancillary {
    struct ucred sender;
    int has_sender;
    int truncated;
    int descriptor_count;
    int descriptors[roost_max_descriptors];
};

/// Receives one message. Descriptors beyond the array are closed; those in it belong to the caller.
static inline ssize_t roost_receive(int fd, void *bytes, size_t capacity, struct roost_ancillary *with) {
    union {
        char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * roost_max_descriptors)];
        struct cmsghdr alignment;
    } control;
    struct iovec vector = {.iov_base = bytes, .iov_len = capacity};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    memset(with, 0, sizeof *with);
    ssize_t length = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (length < 0) return length;
    with->truncated = (message.msg_flags & MSG_TRUNC) != 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET) continue;
        if (header->cmsg_type == SCM_CREDENTIALS) {
            memcpy(&with->sender, CMSG_DATA(header), sizeof with->sender);
            with->has_sender = 1;
        }
        if (header->cmsg_type == SCM_RIGHTS) {
            size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (size_t i = 0; i < count; i++) {
                int received;
                memcpy(&received, CMSG_DATA(header) + i * sizeof received, sizeof received);
                if (with->descriptor_count < roost_max_descriptors) {
                    with->descriptors[with->descriptor_count++] = received;
                } else {
                    close(received);
                }
            }
        }
    }
    return length;
}

/// Sends one message on a connected socket, with descriptors if there are any. Never raises SIGPIPE.
static inline ssize_t roost_send(int fd, const void *bytes, size_t length, const int *descriptors, int count) {
    union {
        char bytes[CMSG_SPACE(sizeof(int) * roost_max_descriptors)];
        struct cmsghdr alignment;
    } control;
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = length};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (count < 0 || count > roost_max_descriptors) { errno = EINVAL; return -1; }
    if (count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)count);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

/// openat is variadic.
static inline int roost_openat(int directory, const char *path, int flags, mode_t mode) {
    return openat(directory, path, flags, mode);
}

/// Writes to a pipe. When nobody reads it any more this is EPIPE and nothing else: the SIGPIPE that comes with it,
/// which would end most programs, is taken back. The signal is the thread's own, so no other thread can get it first.
static inline ssize_t roost_write_quietly(int fd, const void *bytes, size_t count) {
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    // One that was pending already belongs to somebody else; it can only be if the signal was blocked.
    int was_pending = sigismember(&before, SIGPIPE) && sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE);
    ssize_t written = write(fd, bytes, count);
    int error = errno;
    if (written < 0 && error == EPIPE && !was_pending) {
        const struct timespec at_once = {0, 0};
        while (sigtimedwait(&pipe_signal, NULL, &at_once) < 0 && errno == EINTR) {}
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return written;
}
