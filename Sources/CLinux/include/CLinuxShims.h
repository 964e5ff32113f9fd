// Variadic calls and macros, one line each. All return -1 and set errno on failure unless they say otherwise.
#pragma once

static inline int roost_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
    return prctl(option, a, b, c, d);
}
static inline int roost_pidfd_open(pid_t pid, unsigned int flags) { return (int)syscall(SYS_pidfd_open, pid, flags); }
static inline int roost_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}
static inline int roost_fcntl(int fd, int command, long argument) { return fcntl(fd, command, argument); }
static inline int roost_ioctl_int(int fd, unsigned long request, int *value) { return ioctl(fd, request, value); }
/// errno is a macro that Swift cannot import. Read it before any other call.
static inline int roost_errno(void) { return errno; }
