// Lives for some microseconds, and says on its standard output when it ends, as late as it can.
//
//     farewell MICROSECONDS
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: farewell MICROSECONDS\n");
        return 2;
    }
    long left = atol(argv[1]);
    struct timespec time = {.tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000};
    nanosleep(&time, NULL);
    clock_gettime(CLOCK_MONOTONIC, &time);
    int64_t now = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
    _exit(write(STDOUT_FILENO, &now, sizeof now) != sizeof now);
}
