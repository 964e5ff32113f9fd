// Locks and words that several processes share: pthread's robust mutexes, and futexes without FUTEX_PRIVATE.
#pragma once

#include <linux/futex.h>

/// A lock in shared memory which the kernel takes away from a thread that dies with it.
struct roost_shared_mutex {
    pthread_mutex_t mutex;
    /// The holder, as pid << 32 | tid; 0 while nobody holds it. Left behind by a holder that dies.
    uint64_t owner;
    /// How often its holder has taken a recursive one.
    uint32_t depth;
};

/// Makes a free one of zeroed memory. Returns an errno.
int roost_shared_mutex_make(struct roost_shared_mutex *mutex, int recursive);
/// Takes it. Returns 0; EOWNERDEAD if its holder died, which `previous` then names (0 if unknown), and the caller has
/// it; ETIMEDOUT; or another errno if the memory holds no such lock. `deadline` is a moment of CLOCK_MONOTONIC or NULL.
int roost_shared_mutex_lock(struct roost_shared_mutex *mutex, const struct timespec *deadline, uint64_t *previous);
/// The same without waiting: EBUSY if another thread has it.
int roost_shared_mutex_trylock(struct roost_shared_mutex *mutex, uint64_t *previous);
/// Gives it back once. EPERM if the calling thread has it not.
int roost_shared_mutex_unlock(struct roost_shared_mutex *mutex);
/// Whether the calling thread has it.
int roost_shared_mutex_is_mine(struct roost_shared_mutex *mutex);
/// Whether a living thread of this process has it, so that the kernel will write to it should that thread die.
int roost_shared_mutex_is_held_here(const struct roost_shared_mutex *mutex);

/// The holder at this moment, or 0. Cheap: for those who look now and then before they sleep.
static inline uint64_t roost_shared_mutex_owner(const struct roost_shared_mutex *mutex) {
    return __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED);
}

/// fallocate, but in the form that Swift can import.
static inline int roost_fallocate(int fd, int mode, off_t offset, off_t length) {
    return fallocate(fd, mode, offset, length);
}

/// As roost_futex_wait, for a word that several processes have mapped.
static inline int roost_shared_futex_wait(const void *word, uint32_t expected, const struct timespec *deadline) {
    return (int)syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, deadline, NULL, FUTEX_BITSET_MATCH_ANY);
}
static inline int roost_shared_futex_wake(const void *word, int count) {
    return (int)syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

/// Changes a word and wakes up to `count` threads that wait on `sleepers`, in one call of the kernel: a process can be
/// killed before or after it, but not between the two. `operation` is a FUTEX_OP_…; `argument` has 11 bits.
/// Returns how many were woken.
int roost_shared_futex_change_and_wake(void *sleepers, int count, void *word, int operation, int argument);
