// Messages with many descriptors on a socket that keeps their boundaries, and sealed memory for large ones.
#pragma once
#include <sys/uio.h>

/// The kernel takes no more with one message.
enum { roost_packet_descriptors = 253 };

enum roost_packet_state {
    /// The message was longer than the buffer.
    ROOST_PACKET_CUT = 1 << 0,
    /// Descriptors that came with it could not be opened here: there are too many.
    ROOST_PACKET_LOST_DESCRIPTORS = 1 << 1,
};

/// Receives one message. `descriptors` has room for `roost_packet_descriptors`; those received are the caller's.
static inline ssize_t roost_packet_receive(
    int fd, void *bytes, size_t capacity, int flags, int *descriptors, int *count, int *state) {
    union {
        char bytes[CMSG_SPACE(sizeof(int) * roost_packet_descriptors)];
        struct cmsghdr alignment;
    } control;
    struct iovec vector = {.iov_base = bytes, .iov_len = capacity};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    *count = 0;
    *state = 0;
    ssize_t length = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | flags);
    if (length < 0) return length;
    if (message.msg_flags & MSG_TRUNC) *state |= ROOST_PACKET_CUT;
    if (message.msg_flags & MSG_CTRUNC) *state |= ROOST_PACKET_LOST_DESCRIPTORS;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET) continue;
        size_t more = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (header->cmsg_type == 4 /* SCM_PIDFD */ && more == 1) {
            // Nobody here asked for it, but the option belongs to the socket, which a peer may have passed to us.
            int unwanted;
            memcpy(&unwanted, CMSG_DATA(header), sizeof unwanted);
            if (unwanted >= 0) close(unwanted);
        }
        if (header->cmsg_type != SCM_RIGHTS) continue;
        // One message has one such header, with no more than the kernel's limit.
        for (size_t i = 0; i < more && *count < roost_packet_descriptors; i++) {
            memcpy(&descriptors[(*count)++], CMSG_DATA(header) + i * sizeof(int), sizeof(int));
        }
    }
    return length;
}

/// Sends one message in two pieces, with descriptors if there are any. Never raises SIGPIPE.
static inline ssize_t roost_packet_send(
    int fd, const void *head, size_t head_length, const void *body, size_t body_length, int flags,
    const int *descriptors, int count) {
    union {
        char bytes[CMSG_SPACE(sizeof(int) * roost_packet_descriptors)];
        struct cmsghdr alignment;
    } control;
    struct iovec vectors[2] = {
        {.iov_base = (void *)head, .iov_len = head_length}, {.iov_base = (void *)body, .iov_len = body_length}};
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = body_length > 0 ? 2 : 1};
    if (count < 0 || count > roost_packet_descriptors) { errno = EINVAL; return -1; }
    if (count > 0) {
        size_t size = sizeof(int) * (size_t)count;
        memset(&control, 0, CMSG_SPACE(size));
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(size);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(header), descriptors, size);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL | flags);
}

enum { roost_all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

/// A new file without a name, in memory, that can be sealed.
static inline int roost_memory_file(const char *label) {
    return memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}
/// MAP_FAILED is a macro that Swift cannot import: NULL on failure.
static inline void *roost_map_to_read(int fd, size_t length) {
    void *start = mmap(NULL, length, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    return start == MAP_FAILED ? NULL : start;
}

static inline int roost_bind_address(int fd, const struct roost_internet_address *to) {
    return bind(fd, &to->address.any, to->length);
}
/// The port that a bound socket got; 0 if it has none.
static inline uint16_t roost_bound_port(int fd) {
    struct roost_internet_address bound;
    bound.length = sizeof bound.address;
    if (getsockname(fd, &bound.address.any, &bound.length) < 0) return 0;
    return ntohs(bound.address.any.sa_family == AF_INET6 ? bound.address.v6.sin6_port : bound.address.v4.sin_port);
}
/// Whether a socket's other end is the socket itself; TCP can do that.
static inline int roost_is_connected_with_itself(int fd) {
    struct roost_internet_address own, other;
    memset(&own, 0, sizeof own);
    memset(&other, 0, sizeof other);
    own.length = other.length = sizeof own.address;
    if (getsockname(fd, &own.address.any, &own.length) < 0) return 0;
    if (getpeername(fd, &other.address.any, &other.length) < 0) return 0;
    if (own.address.any.sa_family != other.address.any.sa_family) return 0;
    if (own.address.any.sa_family == AF_INET6) {
        return own.address.v6.sin6_port == other.address.v6.sin6_port
            && memcmp(&own.address.v6.sin6_addr, &other.address.v6.sin6_addr, sizeof own.address.v6.sin6_addr) == 0;
    }
    return own.address.v4.sin_port == other.address.v4.sin_port
        && own.address.v4.sin_addr.s_addr == other.address.v4.sin_addr.s_addr;
}
static inline int roost_set_no_delay(int fd) {
    int on = 1;
    return setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof on);
}
/// How long a call that sends or connects may wait, in nanoseconds; 0 for no limit.
static inline int roost_set_send_timeout(int fd, int64_t nanoseconds) {
    struct timeval limit = {.tv_sec = nanoseconds / 1000000000, .tv_usec = nanoseconds % 1000000000 / 1000};
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}
