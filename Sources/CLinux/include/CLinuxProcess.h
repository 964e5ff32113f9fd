// What the process-related parts need and Swift cannot import: unions, macros and variadic calls.
#pragma once

#include <dirent.h>

/// How a child ended, as waitid tells it. `pid` is 0 when no child is waiting.
struct roost_exit {
    pid_t pid;
    /// CLD_EXITED, CLD_KILLED or CLD_DUMPED.
    int code;
    /// The exit code, or the signal.
    int status;
    /// What the child used, with all descendants that it waited for.
    struct rusage usage;
};

/// The C library's waitid keeps to itself what the kernel says about the resources.
static inline int roost_waitid(idtype_t kind, id_t id, int options, struct roost_exit *out) {
    siginfo_t information;
    information.si_pid = 0;
    information.si_code = 0;
    information.si_status = 0;
    int result = (int)syscall(SYS_waitid, kind, id, &information, options, &out->usage);
    out->pid = information.si_pid;
    out->code = information.si_code;
    out->status = information.si_status;
    return result;
}
static inline int roost_open(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }
static inline char **roost_environment(void) { return environ; }
static inline void roost_set_errno(int value) { errno = value; }
/// The name of a directory entry, which Swift would see as a tuple of 256 characters.
static inline const char *roost_entry_name(const struct dirent *entry) { return entry->d_name; }
/// `struct group`, under a name that is free in Swift.
typedef struct group group_entry;
