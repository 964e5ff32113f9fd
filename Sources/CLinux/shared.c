// Robust locks between processes, and what the kernel does for them in one step. See CLinuxShared.h.
#include "CLinux.h"

/// Who this thread is, so that the kernel need not be asked each time; zeros before it takes its first lock.
static _Thread_local struct { pid_t process, thread; } self;

static void forget(void) { self.process = self.thread = 0; }

/// The child of a fork is somebody else, and holds nothing.
__attribute__((constructor)) static void watch_forks(void) { pthread_atfork(NULL, NULL, forget); }

/// The holder's number, as the C library has written it and as the kernel compares it when the thread dies.
static pid_t holder(const struct roost_shared_mutex *mutex) {
    return (pid_t)(__atomic_load_n(&mutex->mutex.__data.__lock, __ATOMIC_RELAXED) & FUTEX_TID_MASK);
}

static int taken(struct roost_shared_mutex *mutex, int result, uint64_t *previous) {
    *previous = 0;
    if (result != 0 && result != EOWNERDEAD) return result;
    if (result == EOWNERDEAD) {
        *previous = __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED);
        mutex->depth = 0;
        // At once: should this thread die, too, then the next one is told so.
        pthread_mutex_consistent(&mutex->mutex);
    }
    if (mutex->depth++ == 0) {
        pid_t thread = holder(mutex);
        if (self.thread != thread) {
            self.thread = thread;
            self.process = getpid();
        }
        __atomic_store_n(&mutex->owner, (uint64_t)self.process << 32 | (uint32_t)thread, __ATOMIC_RELAXED);
    }
    return result;
}

int roost_shared_mutex_make(struct roost_shared_mutex *mutex, int recursive) {
    pthread_mutexattr_t attributes;
    int result = pthread_mutexattr_init(&attributes);
    if (result != 0) return result;
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (recursive) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    result = pthread_mutex_init(&mutex->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    mutex->owner = 0;
    mutex->depth = 0;
    return result;
}

int roost_shared_mutex_lock(struct roost_shared_mutex *mutex, const struct timespec *deadline, uint64_t *previous) {
    int result = deadline == NULL ? pthread_mutex_lock(&mutex->mutex)
                                  : pthread_mutex_clocklock(&mutex->mutex, CLOCK_MONOTONIC, deadline);
    return taken(mutex, result, previous);
}

int roost_shared_mutex_trylock(struct roost_shared_mutex *mutex, uint64_t *previous) {
    return taken(mutex, pthread_mutex_trylock(&mutex->mutex), previous);
}

int roost_shared_mutex_is_mine(struct roost_shared_mutex *mutex) {
    // Both: the kernel clears the first when the holder dies, and numbers of threads are used again.
    return self.thread != 0 && holder(mutex) == self.thread
        && roost_shared_mutex_owner(mutex) == ((uint64_t)self.process << 32 | (uint32_t)self.thread);
}

int roost_shared_mutex_is_held_here(const struct roost_shared_mutex *mutex) {
    return holder(mutex) != 0 && (pid_t)(roost_shared_mutex_owner(mutex) >> 32) == getpid();
}

int roost_shared_mutex_unlock(struct roost_shared_mutex *mutex) {
    // Whoever has it not must change nothing, not even what only a holder may look at.
    if (!roost_shared_mutex_is_mine(mutex)) return EPERM;
    if (--mutex->depth == 0) __atomic_store_n(&mutex->owner, 0, __ATOMIC_RELAXED);
    return pthread_mutex_unlock(&mutex->mutex);
}

int roost_shared_futex_change_and_wake(void *sleepers, int count, void *word, int operation, int argument) {
    // The comparison asks for those who wait on the changed word to be woken, too; it is one that nearly always fails.
    unsigned int code = (unsigned int)operation << 28 | FUTEX_OP_CMP_EQ << 24 | ((unsigned int)argument & 0xfff) << 12
        | 0xfff;
    int woken = (int)syscall(SYS_futex, sleepers, FUTEX_WAKE_OP, count, 0, word, code);
    if (woken >= 0 || errno != ENOSYS) return woken;
    // Some emulations of Linux do not have it. There the two are two steps.
    switch (operation) {
    case FUTEX_OP_SET: __atomic_store_n((uint32_t *)word, (uint32_t)argument, __ATOMIC_SEQ_CST); break;
    case FUTEX_OP_ADD: __atomic_fetch_add((uint32_t *)word, (uint32_t)argument, __ATOMIC_SEQ_CST); break;
    case FUTEX_OP_OR: __atomic_fetch_or((uint32_t *)word, (uint32_t)argument, __ATOMIC_SEQ_CST); break;
    default: errno = EINVAL; return -1;
    }
    return roost_shared_futex_wake(sleepers, count);
}
