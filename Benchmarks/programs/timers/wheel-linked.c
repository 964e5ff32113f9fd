// A hierarchical timer wheel whose slots are linked lists through the timers.
#include "wheel.h"

typedef uint64_t handle;

typedef struct {
    int64_t deadline;
    uint64_t key, payload;
    uint32_t next, previous;
    uint32_t generation;
} node;

static node *nodes;
static uint32_t count, capacity, first_free;
static uint32_t heads[LEVELS * SLOTS];

static void setup(int64_t now) {
    wheel_setup(now);
    count = 0;
    first_free = NONE;
    memset(heads, 0xFF, sizeof heads);
}

static void teardown(void) {
    free(nodes);
    nodes = NULL;
    capacity = 0;
}

static void place(uint32_t index) {
    node *n = &nodes[index];
    uint64_t tick = tick_of(n->deadline);
    if (tick <= current) {
        n->previous = DUE;
        due_push((entry){n->deadline, n->key, index, n->generation});
        return;
    }
    unsigned slot = slot_of(tick);
    n->previous = NONE;
    n->next = heads[slot];
    if (n->next != NONE) nodes[n->next].previous = index;
    heads[slot] = index;
    occupy(slot);
    if (knows_earliest && n->deadline < earliest) earliest = n->deadline;
}

static handle insert(int64_t deadline, uint64_t payload) {
    uint32_t index = first_free;
    if (index != NONE) {
        first_free = nodes[index].next;
    } else {
        if (count == capacity) nodes = (node *)realloc(nodes, sizeof *nodes * (capacity = capacity * 2 + 16));
        index = count++;
        nodes[index].generation = 0;
    }
    node *n = &nodes[index];
    n->deadline = deadline;
    n->key = (uint64_t)0x8000 << 48 | insertions++;
    n->payload = payload;
    n->generation++;
    place(index);
    return (uint64_t)nodes[index].generation << 32 | index;
}

static void release(uint32_t index) {
    nodes[index].generation++;
    nodes[index].next = first_free;
    first_free = index;
}

static bool cancel(handle h) {
    uint32_t index = (uint32_t)h;
    if (index >= count || nodes[index].generation != h >> 32) return false;
    node *n = &nodes[index];
    if (n->previous != DUE) {
        unsigned slot = slot_of(tick_of(n->deadline));
        if (n->next != NONE) nodes[n->next].previous = n->previous;
        if (n->previous != NONE) {
            nodes[n->previous].next = n->next;
        } else {
            heads[slot] = n->next;
            if (n->next == NONE) vacate(slot);
        }
        if (knows_earliest && earliest == n->deadline) knows_earliest = false;
    }
    release(index);
    return true;
}

static bool first_due(void) {
    while (due_count) {
        if (nodes[due[0].index].generation == due[0].generation) return true;
        due_drop_first();
    }
    return false;
}

static bool next(int64_t *deadline) {
    if (first_due()) {
        *deadline = due[0].deadline;
        return true;
    }
    unsigned slot;
    uint64_t first;
    if (!knows_earliest) {
        if (!next_slot(&slot, &first)) return false;
        earliest = INT64_MAX;
        for (uint32_t i = heads[slot]; i != NONE; i = nodes[i].next)
            if (nodes[i].deadline < earliest) earliest = nodes[i].deadline;
        knows_earliest = true;
    }
    *deadline = earliest;
    return true;
}

static bool pop(int64_t now, uint64_t *payload) {
    if (!first_due()) {
        uint64_t tick = tick_of(now), first;
        for (unsigned slot; next_slot(&slot, &first) && first <= tick;) {
            current = first;
            knows_earliest = false;
            uint32_t index = heads[slot];
            heads[slot] = NONE;
            vacate(slot);
            while (index != NONE) {
                uint32_t following = nodes[index].next;
                place(index);
                index = following;
            }
        }
        if (tick > current) current = tick;
        if (!first_due()) return false;
    }
    if (due[0].deadline > now) return false;
    *payload = nodes[due[0].index].payload;
    release(due[0].index);
    due_drop_first();
    return true;
}

#include "workload.h"
