// How late the end of a child is noticed by a wait with a timeout, in C: a pidfd and ppoll.
//
//     lateness COUNT FAREWELL      prints the nanoseconds from each child's last word, one a line
#define _GNU_SOURCE
#include "start.h"

#include <poll.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: lateness COUNT FAREWELL\n");
        return 2;
    }
    int count = atoi(argv[1]), output = dup(STDOUT_FILENO), words[2];
    FILE *results = fdopen(output, "w");
    if (!results || pipe(words) != 0 || dup2(words[1], STDOUT_FILENO) < 0) return 1;
    for (int i = 0; i < count; i++) {
        char microseconds[16];
        // Not in step with anybody's polling.
        snprintf(microseconds, sizeof microseconds, "%d", 5000 + i * 7919 % 20000);
        int pidfd;
        start((char *[]){argv[2], microseconds, NULL}, &pidfd);
        struct timespec limit = {.tv_sec = 10}, now;
        struct pollfd end = {.fd = pidfd, .events = POLLIN};
        if (ppoll(&end, 1, &limit, NULL) != 1) return 1;
        siginfo_t exit;
        waitid(P_PIDFD, (id_t)pidfd, &exit, WEXITED);
        clock_gettime(CLOCK_MONOTONIC, &now);
        close(pidfd);
        int64_t said;
        if (read(words[0], &said, sizeof said) != sizeof said) return 1;
        fprintf(results, "%lld\n", (long long)((int64_t)now.tv_sec * 1000000000 + now.tv_nsec - said));
    }
    return fclose(results);
}
