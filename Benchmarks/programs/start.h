// The least that starting a process can cost: the child borrows the parent's memory until it executes.
#pragma once

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

extern char **environ;

enum { CHILD_STACK_SIZE = 64 * 1024 };

static int execute(void *arguments) {
    char **argv = arguments;
    execve(argv[0], argv, environ);
    _exit(127);
}

/// Starts argv[0], a path, and returns once it runs. The pidfd becomes readable when it ends.
static pid_t start(char **argv, int *pidfd) {
    // One stack is enough: the parent sleeps while the child uses it.
    static _Alignas(16) char stack[CHILD_STACK_SIZE];
    pid_t pid = clone(execute, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, argv, pidfd);
    if (pid < 0) {
        perror("cannot start a process");
        exit(1);
    }
    return pid;
}
