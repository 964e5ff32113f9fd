#include "CLinux.h"

#include <linux/sched.h>

#ifndef PR_GET_TID_ADDRESS
#define PR_GET_TID_ADDRESS 40
#endif

/// clone3, or clone where a kernel or a filter of system calls does not know that.
static pid_t clone_sibling(int *pidfd, int *tid) {
    uint64_t flags = CLONE_PARENT | CLONE_PIDFD | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    // The signal at its end is the same as at ours, since it is our sibling.
    struct clone_args arguments = {
        .flags = flags, .pidfd = (uintptr_t)pidfd, .child_tid = (uintptr_t)tid, .exit_signal = 0};
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid >= 0 || (errno != ENOSYS && errno != EPERM && errno != EINVAL && errno != E2BIG)) return (pid_t)pid;
#if defined(__x86_64__)
    return (pid_t)syscall(SYS_clone, flags, NULL, pidfd, tid, NULL);
#else
    return (pid_t)syscall(SYS_clone, flags, NULL, pidfd, NULL, tid);
#endif
}

pid_t roost_fork_sibling(int *pidfd) {
    // What the C library's own fork does besides copying: the thread's number, which it keeps in memory, becomes that
    // of the copy, and the kernel gets to know again where the list of locks is that it frees when the thread dies.
    // A copy that had the number of the original would hold its locks, and one whose list is not known would keep them
    // when it dies: where the kernel does not say (gVisor, a filter of system calls), there is no copy.
    *pidfd = -1;
    int *tid = NULL;
    void *locks = NULL;
    size_t size = 0;
    if (prctl(PR_GET_TID_ADDRESS, &tid, 0, 0, 0) < 0 || !tid
        || syscall(SYS_get_robust_list, 0, &locks, &size) < 0 || !locks) {
        errno = ENOSYS;
        return -1;
    }
    pid_t pid = clone_sibling(pidfd, tid);
    if (pid == 0) syscall(SYS_set_robust_list, locks, size);
    return pid;
}
