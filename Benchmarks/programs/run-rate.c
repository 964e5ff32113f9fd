// How long running a program to its end takes, in C.
//
//     run-rate vfork|posix_spawn COUNT BALLAST_MIB PROGRAM      prints the nanoseconds of each run, one a line
#define _GNU_SOURCE
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static pid_t run_vfork(char **program) {
    pid_t pid = vfork();
    if (pid == 0) {
        execve(program[0], program, environ);
        _exit(127);
    }
    return pid;
}

static pid_t run_posix_spawn(char **program) {
    pid_t pid;
    return posix_spawn(&pid, program[0], NULL, NULL, program, environ) == 0 ? pid : -1;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: run-rate vfork|posix_spawn COUNT BALLAST_MIB PROGRAM\n");
        return 2;
    }
    pid_t (*run)(char **) = strcmp(argv[1], "vfork") == 0 ? run_vfork : run_posix_spawn;
    int count = atoi(argv[2]);
    size_t ballast = (size_t)atol(argv[3]) << 20;
    char *memory = malloc(ballast);
    int64_t *times = calloc((size_t)count, sizeof *times);
    if (!memory || !times) return 1;
    memset(memory, 1, ballast);

    char *program[] = {argv[4], NULL};
    for (int i = 0; i < count; i++) {
        int status;
        int64_t before = now();
        pid_t pid = run(program);
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
            perror("cannot run a program");
            return 1;
        }
        times[i] = now() - before;
    }
    for (int i = 0; i < count; i++) printf("%lld\n", (long long)times[i]);
}
