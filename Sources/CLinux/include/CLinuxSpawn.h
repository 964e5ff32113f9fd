// The child side between clone and exec: one plain struct in, {pid, pidfd} or {step, errno} out.
//
// The child shares the parent's memory until it calls exec, so it may do nothing but raw system calls.
// Everything that needs memory or a look-up (paths, names, strings) is prepared by the caller.
#pragma once

/// What the child (or the clone itself) was doing when it failed. The numbers are part of the Swift side's enum.
enum roost_spawn_step {
    ROOST_SPAWN_NONE = 0,
    ROOST_SPAWN_CLONE = 1,
    ROOST_SPAWN_CGROUP = 2,
    ROOST_SPAWN_SIGNALS = 3,
    ROOST_SPAWN_PROCESS_GROUP = 4,
    ROOST_SPAWN_SESSION = 5,
    ROOST_SPAWN_DESCRIPTOR = 6,
    ROOST_SPAWN_CLOSE_OTHERS = 7,
    ROOST_SPAWN_TERMINAL = 8,
    ROOST_SPAWN_RESOURCE_LIMIT = 9,
    ROOST_SPAWN_NICE = 10,
    ROOST_SPAWN_OOM_SCORE = 11,
    ROOST_SPAWN_GROUPS = 12,
    ROOST_SPAWN_GROUP = 13,
    ROOST_SPAWN_USER = 14,
    ROOST_SPAWN_DIRECTORY = 15,
    ROOST_SPAWN_PARENT_DEATH = 16,
    ROOST_SPAWN_NO_NEW_PRIVILEGES = 17,
    ROOST_SPAWN_EXECUTE = 18,
};

/// Which of the optional fields of the request count.
enum roost_spawn_option {
    ROOST_SPAWN_SET_PROCESS_GROUP = 1 << 0,
    ROOST_SPAWN_SET_SESSION = 1 << 1,
    ROOST_SPAWN_SET_TERMINAL = 1 << 2,
    ROOST_SPAWN_SET_UMASK = 1 << 3,
    ROOST_SPAWN_SET_NICE = 1 << 4,
    ROOST_SPAWN_SET_CREDENTIALS = 1 << 5,
    ROOST_SPAWN_SET_NO_NEW_PRIVILEGES = 1 << 6,
    /// Take the ways meant for old kernels: clone instead of clone3, /proc/self/fd instead of close_range.
    ROOST_SPAWN_OLD_KERNEL = 1 << 7,
    /// Leave the parent's other descriptors to the child, but for those marked close-on-exec.
    ROOST_SPAWN_KEEP_DESCRIPTORS = 1 << 8,
};

/// `source` in the parent becomes `target` in the child. `moved` is the child's scratch. Targets differ.
struct roost_spawn_descriptor {
    int source;
    int target;
    int moved;
};

struct roost_spawn_limit {
    int resource;
    struct { uint64_t soft, hard; } value;
};

struct roost_spawn_request {
    const char *path;
    char *const *arguments;
    char *const *environment;
    /// NULL keeps the parent's.
    const char *directory;
    /// Decimal text for /proc/self/oom_score_adj, or NULL.
    const char *oom_score_adjustment;
    /// Exactly these are open in the child; everything else, 0 to 2 included, is closed by exec unless it is to be
    /// kept.
    struct roost_spawn_descriptor *descriptors;
    size_t descriptor_count;
    const struct roost_spawn_limit *limits;
    size_t limit_count;
    const gid_t *groups;
    size_t group_count;
    /// Bit N-1 blocks signal N.
    uint64_t signal_mask;
    uint32_t options;
    /// The group to join; 0 for a new one.
    pid_t process_group;
    uid_t uid;
    gid_t gid;
    mode_t umask;
    int nice;
    /// The child's number of the descriptor that becomes its controlling terminal.
    int terminal;
    /// 0 for none.
    int parent_death_signal;
    /// A directory of cgroup2, or -1.
    int cgroup;
};

struct roost_spawn_result {
    pid_t pid;
    int pidfd;
    int step;
    int error;
    /// The target of the descriptor, or the resource of the limit, that failed.
    int detail;
};

/// Returns 0, or -1 with `step` and `error` filled in and nothing left behind: no process, no descriptor.
/// Blocks until the child has called exec. May be called from any thread that has 12 KiB of stack left.
int roost_spawn(const struct roost_spawn_request *request, struct roost_spawn_result *result);
