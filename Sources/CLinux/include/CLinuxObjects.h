// Listening on Internet addresses, for servers of objects.
#pragma once
#include <netinet/tcp.h>

static inline int roost_bind_address(int fd, const struct roost_internet_address *to) {
    return bind(fd, &to->address.any, to->length);
}
/// The port to which a socket is bound, or -1.
static inline int roost_bound_port(int fd) {
    struct roost_internet_address own;
    socklen_t length = sizeof own.address;
    if (getsockname(fd, &own.address.any, &length) < 0) return -1;
    return ntohs(own.address.any.sa_family == AF_INET6 ? own.address.v6.sin6_port : own.address.v4.sin_port);
}
/// Small messages go at once: an answer is waited for.
static inline int roost_send_at_once(int fd) {
    int on = 1;
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}
/// SIG_IGN is a macro that Swift cannot import.
static inline void roost_ignore_signal(int number) { signal(number, SIG_IGN); }
