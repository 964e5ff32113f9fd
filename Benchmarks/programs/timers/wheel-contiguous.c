// A hierarchical timer wheel whose slots are arrays: a timer that is cancelled gives its place to the last of its slot.
#include "wheel.h"

typedef uint64_t handle;

typedef struct {
    uint64_t payload;
    uint32_t position, generation, slot;
} node;

enum { IN_DUE = LEVELS * SLOTS };

static node *nodes;
static uint32_t count, capacity, first_free;
static struct {
    entry *entries;
    uint32_t count, capacity;
} slots[LEVELS * SLOTS];

static void setup(int64_t now) {
    wheel_setup(now);
    count = 0;
    first_free = NONE;
}

static void teardown(void) {
    free(nodes);
    nodes = NULL;
    capacity = 0;
    for (int slot = 0; slot < LEVELS * SLOTS; slot++) {
        free(slots[slot].entries);
        slots[slot].entries = NULL;
        slots[slot].count = slots[slot].capacity = 0;
    }
}

static void place(entry e) {
    uint64_t tick = tick_of(e.deadline);
    if (tick <= current) {
        nodes[e.index].slot = IN_DUE;
        due_push(e);
        return;
    }
    unsigned s = slot_of(tick);
    if (slots[s].count == slots[s].capacity) {
        slots[s].capacity = slots[s].capacity * 2 + 4;
        slots[s].entries = (entry *)realloc(slots[s].entries, sizeof(entry) * slots[s].capacity);
    }
    nodes[e.index].position = slots[s].count;
    nodes[e.index].slot = s;
    slots[s].entries[slots[s].count++] = e;
    occupy(s);
    if (knows_earliest && e.deadline < earliest) earliest = e.deadline;
}

static handle insert(int64_t deadline, uint64_t payload) {
    uint32_t index = first_free;
    if (index != NONE) {
        first_free = nodes[index].position;
    } else {
        if (count == capacity) nodes = (node *)realloc(nodes, sizeof *nodes * (capacity = capacity * 2 + 16));
        index = count++;
        nodes[index].generation = 0;
    }
    nodes[index].payload = payload;
    nodes[index].generation++;
    uint32_t generation = nodes[index].generation;
    place((entry){deadline, (uint64_t)0x8000 << 48 | insertions++, index, generation});
    return (uint64_t)generation << 32 | index;
}

static void release(uint32_t index) {
    nodes[index].generation++;
    nodes[index].position = first_free;
    first_free = index;
}

static bool cancel(handle h) {
    uint32_t index = (uint32_t)h;
    if (index >= count || nodes[index].generation != h >> 32) return false;
    node *n = &nodes[index];
    if (n->slot != IN_DUE) {
        unsigned s = n->slot;
        entry *e = &slots[s].entries[n->position];
        if (knows_earliest && earliest == e->deadline) knows_earliest = false;
        *e = slots[s].entries[--slots[s].count];
        nodes[e->index].position = n->position;
        if (!slots[s].count) vacate(s);
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
    unsigned s;
    uint64_t first;
    if (!knows_earliest) {
        if (!next_slot(&s, &first)) return false;
        earliest = INT64_MAX;
        for (uint32_t i = 0; i < slots[s].count; i++)
            if (slots[s].entries[i].deadline < earliest) earliest = slots[s].entries[i].deadline;
        knows_earliest = true;
    }
    *deadline = earliest;
    return true;
}

static bool pop(int64_t now, uint64_t *payload) {
    if (!first_due()) {
        uint64_t tick = tick_of(now), first;
        for (unsigned s; next_slot(&s, &first) && first <= tick;) {
            current = first;
            knows_earliest = false;
            vacate(s);
            // What is placed goes to lower levels, never back into this slot.
            for (uint32_t i = 0; i < slots[s].count; i++) place(slots[s].entries[i]);
            slots[s].count = 0;
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
