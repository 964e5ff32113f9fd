// The physical limit of a supervisor: pidfd, epoll, vfork, and nothing else. No configuration, logs, control or state.
//
//     limit PROGRAM [ARGUMENT…] [-- PROGRAM [ARGUMENT…]]…
#define _GNU_SOURCE
#include "start.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { EVENTS_AT_ONCE = 64, DESCRIPTORS = 20000 };

struct worker {
    char **argv;
    int pidfd;
};

static void run(int epoll, struct worker *worker) {
    start(worker->argv, &worker->pidfd);
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = worker};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, worker->pidfd, &interest) < 0) {
        perror("cannot watch a process");
        exit(1);
    }
}

/// Cuts the command line at each "--" and returns the number of commands.
static int read_workers(char **argv, struct worker *workers) {
    int count = 0;
    for (char **word = argv; *word; word++) {
        workers[count++].argv = word;
        while (*word && strcmp(*word, "--") != 0) word++;
        if (!*word) break;
        *word = NULL;
    }
    return count;
}

int main(int argc, char **argv) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    struct worker *workers = calloc((size_t)argc, sizeof *workers);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (argc < 2 || !workers || epoll < 0) {
        fprintf(stderr, "usage: limit PROGRAM [ARGUMENT...] [-- PROGRAM [ARGUMENT...]]...\n");
        return 2;
    }
    int count = read_workers(argv + 1, workers);
    for (int i = 0; i < count; i++) run(epoll, &workers[i]);

    for (;;) {
        struct epoll_event events[EVENTS_AT_ONCE];
        int ready = epoll_wait(epoll, events, EVENTS_AT_ONCE, -1);
        for (int i = 0; i < ready; i++) {
            struct worker *worker = events[i].data.ptr;
            siginfo_t exit;
            waitid(P_PIDFD, (id_t)worker->pidfd, &exit, WEXITED);
            close(worker->pidfd);
            run(epoll, worker);
        }
    }
}
