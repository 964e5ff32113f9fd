// How long COUNT turns take with a primitive of the C library, as locks.py: `locks PRIMITIVE KIND THREADS COUNT`.
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS_MAX = 64 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphores[2];
static pthread_barrier_t start;
static long number, share;
static int turn;

static void *with_lock(void *unused) {
    (void)unused;
    pthread_barrier_wait(&start);
    for (long index = 0; index < share; index++) {
        pthread_mutex_lock(&mutex);
        number++;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *with_condition(void *argument) {
    int own = (int)(intptr_t)argument;
    pthread_barrier_wait(&start);
    for (long index = 0; index < share; index++) {
        pthread_mutex_lock(&mutex);
        while (turn != own) pthread_cond_wait(&condition, &mutex);
        turn = 1 - own;
        pthread_mutex_unlock(&mutex);
        pthread_cond_signal(&condition);
    }
    return NULL;
}

static void *with_semaphores(void *argument) {
    int own = (int)(intptr_t)argument;
    pthread_barrier_wait(&start);
    for (long index = 0; index < share; index++) {
        while (sem_wait(&semaphores[own]) != 0) continue;
        sem_post(&semaphores[1 - own]);
    }
    return NULL;
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(int argc, char **argv) {
    int threads = argc == 5 ? atoi(argv[3]) : 0;
    if (threads < 1 || threads > THREADS_MAX) {
        fprintf(stderr, "usage: locks PRIMITIVE KIND THREADS COUNT\n");
        return 2;
    }
    share = atol(argv[4]) / threads;
    void *(*work)(void *) = with_lock;
    if (strcmp(argv[1], "condition") == 0) work = with_condition;
    if (strcmp(argv[1], "semaphore") == 0) work = with_semaphores;
    sem_init(&semaphores[0], 0, 1);
    sem_init(&semaphores[1], 0, 0);
    pthread_barrier_init(&start, NULL, (unsigned)threads + 1);

    pthread_t running[THREADS_MAX];
    for (int index = 0; index < threads; index++)
        if (pthread_create(&running[index], NULL, work, (void *)(intptr_t)index) != 0) return 1;
    pthread_barrier_wait(&start);
    int64_t began = now();
    for (int index = 0; index < threads; index++) pthread_join(running[index], NULL);
    printf("%lld\n", (long long)(now() - began));
    return work == with_lock && number != share * threads;
}
