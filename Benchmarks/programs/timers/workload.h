// The workload of every timer structure, included by each program after its functions:
//
//     setup(now) teardown() insert(deadline, payload) cancel(handle) next(&deadline) pop(now, &payload)
//
//     PROGRAM N PASSES new|warm     prints for each pass the nanoseconds an operation takes: insert cancel expire rearm
//
// N deadlines are spread evenly over an hour. All are inserted into an empty structure, a random half is cancelled, and
// the rest expires, with the exact next deadline asked for before time goes on. Then N timeouts of 30 s are set, and a
// random one is set anew, 2 N times. Each pass has a new structure that must grow, or a warm one that has grown in the
// passes before and goes on with what they left of it. Processor time, because other things run on the machine.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t random_state;

static uint64_t random_next(void) {
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t random_below(uint64_t limit) { return (uint64_t)(((unsigned __int128)random_next() * limit) >> 64); }

static int64_t processor_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void expect(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "wrong: %s\n", what);
    exit(1);
}

static const int64_t hour = 3600000000000, timeout = 30000000000;

static void measure(
    bool is_new, int pass, size_t n, int64_t *deadlines, uint32_t *order, handle *handles
) {
    int64_t start = (int64_t)(pass + 2) * 10000000000000;
    for (size_t i = 0; i < n; i++) deadlines[i] = start + (int64_t)random_below((uint64_t)hour);
    for (size_t i = 0; i < n; i++) order[i] = (uint32_t)i;
    for (size_t i = n - 1; i > 0; i--) {
        size_t j = random_below(i + 1);
        uint32_t other = order[i];
        order[i] = order[j];
        order[j] = other;
    }

    if (is_new || pass < 0) setup(start);
    int64_t t0 = processor_time();
    for (size_t i = 0; i < n; i++) handles[i] = insert(deadlines[i], i);
    int64_t t1 = processor_time();
    size_t cancelled = 0;
    for (size_t i = 0; i < n / 2; i++) cancelled += cancel(handles[order[i]]);
    int64_t t2 = processor_time();
    int64_t now = start;
    size_t fired = 0, disorder = 0;
    uint64_t sum = 0, payload;
    for (int64_t moment; next(&moment);) {
        disorder += moment < now;
        now = moment;
        while (pop(now, &payload)) {
            fired++;
            sum += payload;
        }
    }
    int64_t t3 = processor_time();
    uint64_t expected = 0;
    for (size_t i = n / 2; i < n; i++) expected += order[i];
    expect(cancelled == n / 2 && fired == n - n / 2 && sum == expected && !disorder, "not every timer fired in order");
    if (is_new) {
        teardown();
        setup(start);
    }
    start += 2 * hour;
    for (size_t i = 0; i < n; i++) handles[i] = insert(start + timeout + (int64_t)i, i);
    size_t rounds = 2 * n;
    int64_t t4 = processor_time();
    for (size_t i = 0; i < rounds; i++) {
        size_t chosen = random_below(n);
        cancelled += cancel(handles[chosen]);
        handles[chosen] = insert(start + timeout + (int64_t)(n + i) * 1000, chosen);
    }
    int64_t t5 = processor_time();
    expect(cancelled == n / 2 + rounds, "a timer was lost");
    for (size_t i = 0; i < n; i++) expect(cancel(handles[i]), "a timer was lost");
    if (is_new) teardown();
    if (pass < 0) return;
    printf("%.2f %.2f %.2f %.2f\n", (double)(t1 - t0) / (double)n, (double)(t2 - t1) / (double)(n / 2),
        (double)(t3 - t2) / (double)fired, (double)(t5 - t4) / (double)rounds);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: %s N PASSES new|warm\n", argv[0]);
        return 2;
    }
    size_t n = strtoul(argv[1], NULL, 10);
    int passes = atoi(argv[2]);
    int64_t *deadlines = (int64_t *)calloc(n, sizeof *deadlines);
    uint32_t *order = (uint32_t *)calloc(n, sizeof *order);
    handle *handles = (handle *)calloc(n, sizeof *handles);
    if (n < 2 || !deadlines || !order || !handles) return 1;
    bool is_new = strcmp(argv[3], "new") == 0;
    // Without the figures of the pass that lets it grow.
    for (int pass = is_new ? 0 : -1; pass < passes; pass++) {
        random_state = (uint64_t)pass + 2;
        measure(is_new, pass, n, deadlines, order, handles);
    }
}
