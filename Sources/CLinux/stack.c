#include "CLinux.h"

size_t roost_stack_left(void) {
    static _Thread_local uintptr_t lowest, highest;
    if (!highest) {
        pthread_attr_t attributes;
        if (pthread_getattr_np(pthread_self(), &attributes) != 0) return SIZE_MAX;
        void *base = NULL;
        size_t size = 0, guard = 0;
        pthread_attr_getstack(&attributes, &base, &size);
        pthread_attr_getguardsize(&attributes, &guard);
        pthread_attr_destroy(&attributes);
        lowest = (uintptr_t)base + guard;
        highest = (uintptr_t)base + size;
    }
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    // On another stack, that somebody has made for himself.
    if (here < lowest || here > highest) return SIZE_MAX;
    return here - lowest;
}
