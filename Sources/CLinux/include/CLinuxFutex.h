// Waiting in the kernel until a word of memory changes, as futex(2) describes it.
#pragma once

#include <linux/futex.h>

/// Waits while `*word` is `expected`. `deadline` is a moment of CLOCK_MONOTONIC; NULL waits without limit.
/// Returns 0 when woken, else -1 with EAGAIN (the word differs), EINTR or ETIMEDOUT.
static inline int roost_futex_wait(const void *word, uint32_t expected, const struct timespec *deadline) {
    return (int)syscall(
        SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, deadline, NULL, FUTEX_BITSET_MATCH_ANY);
}
/// Wakes up to `count` threads that wait on the word; returns how many. The word need not exist any more.
static inline int roost_futex_wake(const void *word, int count) {
    return (int)syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, NULL, NULL, 0);
}
/// Tells the processor that this is a loop which waits for another one.
static inline void roost_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}
/// How many processors the calling thread may run on; at least 1.
static inline int roost_processor_count(void) {
    cpu_set_t processors;
    // It fails only on machines of more than 1024 processors.
    return sched_getaffinity(0, sizeof processors, &processors) == 0 ? CPU_COUNT(&processors) : CPU_SETSIZE;
}
