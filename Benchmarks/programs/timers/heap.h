// An indexed heap of ARITY: every timer knows its place, so that cancelling removes it at once.
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

typedef uint64_t handle;

typedef struct {
    int64_t deadline;
    uint64_t key;
    uint32_t index;
} entry;

typedef struct {
    uint64_t payload;
    uint32_t place, generation;
} node;

static const uint32_t none = 0xFFFFFFFFu;
static entry *entries;
static node *nodes;
static uint32_t entry_count, node_count, entry_capacity, node_capacity, first_free;
static uint64_t insertions;

static void setup(int64_t now) {
    (void)now;
    entry_count = node_count = 0;
    first_free = none;
}

static void teardown(void) {
    free(entries);
    free(nodes);
    entries = NULL;
    nodes = NULL;
    entry_capacity = node_capacity = 0;
}

static bool before(const entry *a, const entry *b) {
    return a->deadline != b->deadline ? a->deadline < b->deadline : a->key < b->key;
}

static void put(uint32_t place, entry e) {
    entries[place] = e;
    nodes[e.index].place = place;
}

static void up(uint32_t place, entry e) {
    for (; place > 0 && before(&e, &entries[(place - 1) / ARITY]); place = (place - 1) / ARITY)
        put(place, entries[(place - 1) / ARITY]);
    put(place, e);
}

static void down(uint32_t place, entry e) {
    for (uint32_t first; (first = place * ARITY + 1) < entry_count;) {
        uint32_t least = first, end = first + ARITY < entry_count ? first + ARITY : entry_count;
        for (uint32_t child = first + 1; child < end; child++)
            if (before(&entries[child], &entries[least])) least = child;
        if (!before(&entries[least], &e)) break;
        put(place, entries[least]);
        place = least;
    }
    put(place, e);
}

static handle insert(int64_t deadline, uint64_t payload) {
    uint32_t index = first_free;
    if (index != none) {
        first_free = nodes[index].place;
    } else {
        if (node_count == node_capacity)
            nodes = (node *)realloc(nodes, sizeof *nodes * (node_capacity = node_capacity * 2 + 16));
        index = node_count++;
        nodes[index].generation = 0;
    }
    if (entry_count == entry_capacity)
        entries = (entry *)realloc(entries, sizeof *entries * (entry_capacity = entry_capacity * 2 + 16));
    nodes[index].payload = payload;
    uint32_t generation = ++nodes[index].generation;
    up(entry_count++, (entry){deadline, (uint64_t)0x8000 << 48 | insertions++, index});
    return (uint64_t)generation << 32 | index;
}

static void take_out(uint32_t index) {
    uint32_t place = nodes[index].place;
    entry last = entries[--entry_count];
    if (place != entry_count) {
        if (place > 0 && before(&last, &entries[(place - 1) / ARITY])) up(place, last);
        else down(place, last);
    }
    nodes[index].generation++;
    nodes[index].place = first_free;
    first_free = index;
}

static bool cancel(handle h) {
    uint32_t index = (uint32_t)h;
    if (index >= node_count || nodes[index].generation != h >> 32) return false;
    take_out(index);
    return true;
}

static bool next(int64_t *deadline) {
    if (!entry_count) return false;
    *deadline = entries[0].deadline;
    return true;
}

static bool pop(int64_t now, uint64_t *payload) {
    if (!entry_count || entries[0].deadline > now) return false;
    uint32_t index = entries[0].index;
    *payload = nodes[index].payload;
    take_out(index);
    return true;
}

#include "workload.h"
