// The supervised program. Says in FIFO when its main began, and as whom, and then does nothing for ever.
//
//     worker [FIFO]
#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (argc > 1) {
        // Far below PIPE_BUF: the records of many workers in one fifo never mix.
        const int64_t record[2] = {(int64_t)now.tv_sec * 1000000000 + now.tv_nsec, getpid()};
        int fifo = open(argv[1], O_WRONLY);
        if (fifo < 0 || write(fifo, record, sizeof record) != sizeof record) return 1;
        close(fifo);
    }
    for (;;) pause();
}
