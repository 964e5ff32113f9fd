#include "CLinux.h"

#include <linux/close_range.h>
#include <linux/sched.h>
#include <stddef.h>

// The child runs between frames that never return, on a stack of its own, with the thread pointer of the
// suspended parent: a sanitizer's bookkeeping would be left unbalanced in the parent.
#if defined(__has_attribute)
#if __has_attribute(disable_sanitizer_instrumentation)
#define CHILD_SIDE __attribute__((disable_sanitizer_instrumentation))
#endif
#endif
#ifndef CHILD_SIDE
#define CHILD_SIDE
#endif

enum { STACK_SIZE = 8 * 1024, LAST_SIGNAL = 64, KERNEL_MASK_SIZE = 8, DIRECTORY_BUFFER = 2048 };

struct child_task {
    const struct roost_spawn_request *request;
    struct roost_spawn_result *result;
    pid_t parent;
    /// The child was not born in its cgroup and has to walk there.
    int joins_cgroup;
};

/// Makes the system call `number(a, b, c)`, a kind of clone; the child calls `child(argument)` on its new stack.
/// Returns what the kernel returned, to the parent only. C cannot do this: the new stack has no frame to return to.
long roost_clone_onto_stack(long number, long a, long b, long c, void (*child)(void *), void *argument);

#if defined(__x86_64__)
__asm__(".text\n"
        ".globl roost_clone_onto_stack\n"
        ".hidden roost_clone_onto_stack\n"
        ".type roost_clone_onto_stack,@function\n"
        "roost_clone_onto_stack:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    movq %rdi, %rax\n"
        "    movq %rsi, %rdi\n"
        "    movq %rdx, %rsi\n"
        "    movq %rcx, %rdx\n"
        "    xorl %r10d, %r10d\n"
        "    syscall\n"  // keeps r8 (child) and r9 (argument)
        "    testq %rax, %rax\n"
        "    jz 1f\n"
        "    ret\n"
        "1:  .cfi_undefined rip\n"
        "    xorl %ebp, %ebp\n"
        "    movq %r9, %rdi\n"
        "    call *%r8\n"
        "    ud2\n"
        "    .cfi_endproc\n"
        ".size roost_clone_onto_stack, .-roost_clone_onto_stack\n");
#elif defined(__aarch64__)
__asm__(".text\n"
        ".globl roost_clone_onto_stack\n"
        ".hidden roost_clone_onto_stack\n"
        ".type roost_clone_onto_stack,%function\n"
        "roost_clone_onto_stack:\n"
        "    .cfi_startproc\n"
        "    hint #34\n"  // bti c
        "    mov x8, x0\n"
        "    mov x0, x1\n"
        "    mov x1, x2\n"
        "    mov x2, x3\n"
        "    mov x3, xzr\n"
        "    svc #0\n"  // keeps x4 (child) and x5 (argument)
        "    cbz x0, 1f\n"
        "    ret\n"
        "1:  .cfi_undefined x30\n"
        "    mov x29, xzr\n"
        "    mov x30, xzr\n"
        "    mov x0, x5\n"
        "    blr x4\n"
        "    brk #1\n"
        "    .cfi_endproc\n"
        ".size roost_clone_onto_stack, .-roost_clone_onto_stack\n");
#else
#error "cannot spawn on this processor yet: write its roost_clone_onto_stack"
#endif

// MARK: - The child

CHILD_SIDE _Noreturn static void fail(const struct child_task *task, int step, int detail) {
    task->result->error = errno;
    task->result->detail = detail;
    task->result->step = step;
    for (;;) syscall(SYS_exit_group, 127);
}

/// Writes to a small kernel file. Returns 0 or -1.
CHILD_SIDE static int write_file(int directory, const char *path, const char *text) {
    int fd = (int)syscall(SYS_openat, directory, path, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0) return -1;
    size_t length = 0;
    while (text[length] != '\0') length++;
    long written = syscall(SYS_write, fd, text, length);
    int error = errno;
    syscall(SYS_close, fd);
    errno = error;
    return written < 0 ? -1 : 0;
}

/// CLONE_CLEAR_SIGHAND leaves ignored signals ignored, and exec keeps them so; a program rightly expects defaults.
CHILD_SIDE static void reset_dispositions(void) {
    // The kernel's struct sigaction is four words on both processors; all zero means SIG_DFL.
    const unsigned long by_default[4] = {0};
    for (int signal = 1; signal <= LAST_SIGNAL; signal++) {
        if (signal == SIGKILL || signal == SIGSTOP) continue;
        syscall(SYS_rt_sigaction, signal, by_default, NULL, KERNEL_MASK_SIZE);
    }
}

/// Marks every open descriptor close-on-exec, for kernels before 5.11, which cannot do it in one call.
CHILD_SIDE static int close_all_on_exec_one_by_one(void) {
    struct entry {
        uint64_t inode;
        int64_t offset;
        unsigned short length;
        unsigned char type;
        char name[];
    };
    _Alignas(struct entry) char buffer[DIRECTORY_BUFFER];
    int directory = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (directory < 0) return -1;
    long filled;
    while ((filled = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < filled; at += ((struct entry *)(buffer + at))->length) {
            const char *name = ((struct entry *)(buffer + at))->name;
            if (name[0] == '.') continue;
            int fd = 0;
            for (; *name != '\0'; name++) fd = fd * 10 + (*name - '0');
            if (syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC) < 0) return -1;
        }
    }
    if (filled < 0) return -1;
    syscall(SYS_close, directory);
    return 0;
}

CHILD_SIDE static int close_all_on_exec(const struct roost_spawn_request *request) {
    if (!(request->options & ROOST_SPAWN_OLD_KERNEL)) {
        if (syscall(SYS_close_range, 0, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return 0;
        // ENOSYS before 5.9, EINVAL before 5.11, EPERM from an old container's system call filter.
        if (errno != ENOSYS && errno != EINVAL && errno != EPERM) return -1;
    }
    return close_all_on_exec_one_by_one();
}

/// Sources that could be another's target are first moved above every target, so that no order of targets can overwrite
/// a source still needed. What stays at its number only has to survive exec.
CHILD_SIDE static void place_descriptors(const struct child_task *task) {
    const struct roost_spawn_request *request = task->request;
    struct roost_spawn_descriptor *descriptors = request->descriptors;
    size_t count = request->descriptor_count;
    int first_free = 3;
    for (size_t i = 0; i < count; i++) {
        if (descriptors[i].target >= first_free) first_free = descriptors[i].target + 1;
    }
    for (size_t i = 0; i < count; i++) {
        descriptors[i].moved = descriptors[i].source;
        if (descriptors[i].source == descriptors[i].target || descriptors[i].source >= first_free) continue;
        descriptors[i].moved = (int)syscall(SYS_fcntl, descriptors[i].source, F_DUPFD_CLOEXEC, first_free);
        if (descriptors[i].moved < 0) fail(task, ROOST_SPAWN_DESCRIPTOR, descriptors[i].target);
    }
    if (!(request->options & ROOST_SPAWN_KEEP_DESCRIPTORS) && close_all_on_exec(request) < 0) {
        fail(task, ROOST_SPAWN_CLOSE_OTHERS, 0);
    }
    for (size_t i = 0; i < count; i++) {
        int target = descriptors[i].target;
        long result = descriptors[i].moved == target ? syscall(SYS_fcntl, target, F_SETFD, 0)
                                                     : syscall(SYS_dup3, descriptors[i].moved, target, 0);
        if (result < 0) fail(task, ROOST_SPAWN_DESCRIPTOR, target);
    }
}

CHILD_SIDE static void join_session(const struct child_task *task) {
    uint32_t options = task->request->options;
    if ((options & ROOST_SPAWN_SET_SESSION) && syscall(SYS_setsid) < 0) fail(task, ROOST_SPAWN_SESSION, 0);
    if ((options & ROOST_SPAWN_SET_PROCESS_GROUP) && syscall(SYS_setpgid, 0, task->request->process_group) < 0) {
        fail(task, ROOST_SPAWN_PROCESS_GROUP, 0);
    }
}

/// What only a privileged parent may give: limits above its own, a better priority.
CHILD_SIDE static void take_resources(const struct child_task *task) {
    const struct roost_spawn_request *request = task->request;
    if (request->options & ROOST_SPAWN_SET_UMASK) syscall(SYS_umask, request->umask);
    if ((request->options & ROOST_SPAWN_SET_NICE)
        && syscall(SYS_setpriority, PRIO_PROCESS, 0, request->nice) < 0) {
        fail(task, ROOST_SPAWN_NICE, 0);
    }
    if (request->oom_score_adjustment
        && write_file(AT_FDCWD, "/proc/self/oom_score_adj", request->oom_score_adjustment) < 0) {
        fail(task, ROOST_SPAWN_OOM_SCORE, 0);
    }
    // Last, since the parent's descriptors are all still open here: a low limit on them would forbid to open a file.
    for (size_t i = 0; i < request->limit_count; i++) {
        const struct roost_spawn_limit *limit = &request->limits[i];
        if (syscall(SYS_prlimit64, 0, limit->resource, &limit->value, NULL) < 0) {
            fail(task, ROOST_SPAWN_RESOURCE_LIMIT, limit->resource);
        }
    }
}

/// Raw calls: the C library's would carry the change to every thread of the parent.
CHILD_SIDE static void switch_user(const struct child_task *task) {
    const struct roost_spawn_request *request = task->request;
    if (!(request->options & ROOST_SPAWN_SET_CREDENTIALS)) return;
    if (syscall(SYS_setgroups, request->group_count, request->groups) < 0) fail(task, ROOST_SPAWN_GROUPS, 0);
    if (syscall(SYS_setresgid, request->gid, request->gid, request->gid) < 0) fail(task, ROOST_SPAWN_GROUP, 0);
    if (syscall(SYS_setresuid, request->uid, request->uid, request->uid) < 0) fail(task, ROOST_SPAWN_USER, 0);
}

/// Changing the user clears the signal, so this comes after it. A parent that died meanwhile would never send it.
CHILD_SIDE static void follow_parent_into_death(const struct child_task *task) {
    int signal = task->request->parent_death_signal;
    if (signal == 0) return;
    if (syscall(SYS_prctl, PR_SET_PDEATHSIG, signal, 0, 0, 0) < 0) fail(task, ROOST_SPAWN_PARENT_DEATH, 0);
    if (syscall(SYS_getppid) != task->parent) {
        errno = ESRCH;
        fail(task, ROOST_SPAWN_PARENT_DEATH, 0);
    }
}

/// The order matters: the cgroup while its descriptor is intact, privileges as late as possible, since from then
/// on the target user may stop the child and with it the suspended parent, and the signal mask last of all.
CHILD_SIDE static void child_side(void *argument) {
    const struct child_task *task = argument;
    const struct roost_spawn_request *request = task->request;

    if (task->joins_cgroup && write_file(request->cgroup, "cgroup.procs", "0") < 0) {
        fail(task, ROOST_SPAWN_CGROUP, 0);
    }
    reset_dispositions();
    join_session(task);
    place_descriptors(task);
    if ((request->options & ROOST_SPAWN_SET_TERMINAL)
        && syscall(SYS_ioctl, request->terminal, TIOCSCTTY, 0) < 0) {
        fail(task, ROOST_SPAWN_TERMINAL, request->terminal);
    }
    take_resources(task);
    switch_user(task);
    if (request->directory && syscall(SYS_chdir, request->directory) < 0) fail(task, ROOST_SPAWN_DIRECTORY, 0);
    follow_parent_into_death(task);
    if ((request->options & ROOST_SPAWN_SET_NO_NEW_PRIVILEGES)
        && syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        fail(task, ROOST_SPAWN_NO_NEW_PRIVILEGES, 0);
    }
    if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &request->signal_mask, NULL, KERNEL_MASK_SIZE) < 0) {
        fail(task, ROOST_SPAWN_SIGNALS, 0);
    }
    syscall(SYS_execve, request->path, request->arguments, request->environment);
    fail(task, ROOST_SPAWN_EXECUTE, 0);
}

// MARK: - The parent

/// Returns the pid, or a negated errno. `task->joins_cgroup` is set when the kernel could not place the child.
static long clone_child(struct child_task *task, char *stack, size_t stack_size, int *pidfd) {
    const struct roost_spawn_request *request = task->request;
    const uint64_t common = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
    if (!(request->options & ROOST_SPAWN_OLD_KERNEL)) {
        struct clone_args arguments = {
            .flags = common | CLONE_CLEAR_SIGHAND | (request->cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
            .pidfd = (uintptr_t)pidfd,
            .exit_signal = SIGCHLD,
            .stack = (uintptr_t)stack,
            .stack_size = stack_size,
            .cgroup = request->cgroup >= 0 ? (uint64_t)request->cgroup : 0,
        };
        task->joins_cgroup = 0;
        long pid = roost_clone_onto_stack(
            SYS_clone3, (long)&arguments, sizeof arguments, 0, child_side, task);
        // ENOSYS before 5.3, EINVAL or E2BIG before 5.7, EPERM from an old container's system call filter.
        // A true refusal of one of these kinds is met again, and reported, on the old way.
        if (pid != -ENOSYS && pid != -EINVAL && pid != -E2BIG && pid != -EPERM) return pid;
    }
    task->joins_cgroup = request->cgroup >= 0;
    return roost_clone_onto_stack(
        SYS_clone, (long)(common | SIGCHLD), (long)(stack + stack_size), (long)pidfd, child_side, task);
}

/// EAGAIN and ENOMEM are about processes; whatever else the kernel says to a request with a cgroup is about that.
static int step_of_refusal(const struct roost_spawn_request *request, int joins_cgroup, int error) {
    int about_cgroup = request->cgroup >= 0 && !joins_cgroup && error != EAGAIN && error != ENOMEM
        && error != EMFILE && error != ENFILE;
    return about_cgroup ? ROOST_SPAWN_CGROUP : ROOST_SPAWN_CLONE;
}

int roost_spawn(const struct roost_spawn_request *request, struct roost_spawn_result *result) {
    *result = (struct roost_spawn_result){.pid = -1, .pidfd = -1};

    // A part of our own stack will do: we are suspended while the child uses it. Nothing on it can grow: the child
    // makes no calls but those below, and no handler runs in it.
    _Alignas(16) char stack[STACK_SIZE];

    // No handler of the parent may run in the child while they share memory. Raw, because the C library keeps
    // its own two signals out of every mask, and they have handlers too.
    const uint64_t every_signal = ~UINT64_C(0);
    uint64_t mask_before = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &every_signal, &mask_before, KERNEL_MASK_SIZE);
    struct child_task task = {.request = request, .result = result, .parent = getpid()};
    int pidfd = -1;
    long pid = clone_child(&task, stack, sizeof stack, &pidfd);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask_before, NULL, KERNEL_MASK_SIZE);

    if (pid < 0) {
        result->error = (int)-pid;
        result->step = step_of_refusal(request, task.joins_cgroup, result->error);
        return -1;
    }
    if (pidfd < 0) {
        // A kernel before 5.2 takes no notice of CLONE_PIDFD. Without a pidfd nothing could be done for the child.
        kill((pid_t)pid, SIGKILL);
        while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR) {}
        result->step = ROOST_SPAWN_CLONE;
        result->error = ENOSYS;
        return -1;
    }
    if (result->step != ROOST_SPAWN_NONE) {
        siginfo_t ignored;
        // ECHILD, if the caller ignores SIGCHLD or reaps on another thread, means that it is gone already.
        while (waitid(P_PIDFD, (id_t)pidfd, &ignored, WEXITED) < 0 && errno == EINTR) {}
        close(pidfd);
        return -1;
    }
    result->pid = (pid_t)pid;
    result->pidfd = pidfd;
    return 0;
}
