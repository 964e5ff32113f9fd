// Writes COUNT lines of 100 bytes to standard output, CHUNK lines with each write, and then does nothing for ever.
//
//     writer COUNT CHUNK FIFO     says in FIFO when it began, as worker.c does
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 100 };

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    long count = atol(argv[1]), chunk = atol(argv[2]);
    char *lines = malloc((size_t)chunk * LINE + 1);
    if (!lines) return 1;

    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t record[2] = {(int64_t)now.tv_sec * 1000000000 + now.tv_nsec, getpid()};
    int fifo = open(argv[3], O_WRONLY | O_CLOEXEC);
    if (fifo < 0 || write(fifo, record, sizeof record) != sizeof record) return 1;

    for (long i = 0; i < chunk; i++) sprintf(lines + i * LINE, "%099ld\n", i);
    for (long written = 0; written < count; written += chunk) {
        size_t size = (size_t)(count - written < chunk ? count - written : chunk) * LINE;
        for (size_t done = 0; done < size;) {
            ssize_t part = write(STDOUT_FILENO, lines + done, size - done);
            if (part < 0) return 1;
            done += (size_t)part;
        }
    }
    for (;;) pause();
}
