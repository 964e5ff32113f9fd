// How long starting a process takes, in C.
//
//     spawn-rate COUNT BALLAST_MIB PROGRAM      prints the nanoseconds of each start, one a line
#define _GNU_SOURCE
#include "start.h"

#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: spawn-rate COUNT BALLAST_MIB PROGRAM\n");
        return 2;
    }
    int count = atoi(argv[1]);
    size_t ballast = (size_t)atol(argv[2]) << 20;
    char *memory = malloc(ballast);
    int64_t *times = calloc((size_t)count, sizeof *times);
    if (!memory || !times) return 1;
    memset(memory, 1, ballast);

    char *program[] = {argv[3], NULL};
    for (int i = 0; i < count; i++) {
        int pidfd;
        int64_t before = now();
        pid_t pid = start(program, &pidfd);
        times[i] = now() - before;
        // The child only waits; reaping it at once keeps the machine the same for every start.
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        close(pidfd);
    }
    for (int i = 0; i < count; i++) printf("%lld\n", (long long)times[i]);
}
