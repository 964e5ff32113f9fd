// A copy of a process that has only one thread.
#pragma once

/// Copies this process. The copy is a child of this one's parent, which can wait for it. Returns 0 in the copy, and its
/// pid here, with a pidfd; -1 on failure.
///
/// Only for a process with one thread: nobody unlocks in the copy what other threads had locked here.
pid_t roost_fork_sibling(int *pidfd);

/// SIG_IGN and SIG_DFL are macros that Swift cannot import.
/// Returns whether it was ignored before.
static inline int roost_ignore_signal(int number) { return signal(number, SIG_IGN) == SIG_IGN; }
static inline void roost_default_signal(int number) { signal(number, SIG_DFL); }
