// What both wheels share: ticks of 2^20 ns, 8 levels of 64 slots, and a heap that knows nanoseconds for what is due.
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 8, SLOTS = 64, TICK = 20 };
enum { NONE = 0xFFFFFFFFu, DUE = 0xFFFFFFFEu };

typedef struct {
    int64_t deadline;
    uint64_t key;
    uint32_t index, generation;
} entry;

static uint64_t occupied[LEVELS];
static uint32_t levels;
static uint64_t current;
static uint64_t insertions;
static entry *due;
static uint32_t due_count, due_capacity;
static bool knows_earliest;
static int64_t earliest;

static uint64_t tick_of(int64_t deadline) { return ((uint64_t)deadline ^ ((uint64_t)1 << 63)) >> TICK; }

static unsigned slot_of(uint64_t tick) {
    unsigned level = (unsigned)(63 - __builtin_clzll(tick ^ current)) / 6;
    return level * SLOTS + ((tick >> (6 * level)) & 63);
}

static void occupy(unsigned slot) {
    occupied[slot / SLOTS] |= (uint64_t)1 << (slot % SLOTS);
    levels |= 1u << (slot / SLOTS);
}

static void vacate(unsigned slot) {
    if (!(occupied[slot / SLOTS] &= ~((uint64_t)1 << (slot % SLOTS)))) levels &= ~(1u << (slot / SLOTS));
}

/// The next slot, and the first tick that it covers; false if all are empty.
static bool next_slot(unsigned *slot, uint64_t *first) {
    if (!levels) return false;
    unsigned level = (unsigned)__builtin_ctz(levels), place = (unsigned)__builtin_ctzll(occupied[level]);
    *slot = level * SLOTS + place;
    *first = ((current >> (6 * level + 6)) << (6 * level + 6)) | (uint64_t)place << (6 * level);
    return true;
}

static bool before(const entry *a, const entry *b) {
    return a->deadline != b->deadline ? a->deadline < b->deadline : a->key < b->key;
}

static void due_push(entry e) {
    if (due_count == due_capacity) due = (entry *)realloc(due, sizeof *due * (due_capacity = due_capacity * 2 + 16));
    uint32_t place = due_count++;
    while (place > 0 && before(&e, &due[(place - 1) / 2])) {
        due[place] = due[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    due[place] = e;
}

static void due_drop_first(void) {
    entry last = due[--due_count];
    uint32_t place = 0;
    for (uint32_t child; (child = 2 * place + 1) < due_count; place = child) {
        if (child + 1 < due_count && before(&due[child + 1], &due[child])) child++;
        if (!before(&due[child], &last)) break;
        due[place] = due[child];
    }
    due[place] = last;
}

static void wheel_setup(int64_t now) {
    current = tick_of(now);
    memset(occupied, 0, sizeof occupied);
    levels = 0;
    knows_earliest = false;
    due_count = 0;
}
