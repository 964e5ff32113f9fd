// std::priority_queue with a mark for what was cancelled, which stays inside until it surfaces.
#include <cstdint>
#include <queue>
#include <vector>

typedef uint64_t handle;

struct entry {
    int64_t deadline;
    uint64_t key;
    uint32_t index;
    uint32_t generation;
    bool operator<(const entry &other) const {
        return deadline != other.deadline ? deadline > other.deadline : key > other.key;
    }
};

struct node {
    uint64_t payload;
    uint32_t next, generation;
};

static const uint32_t none = 0xFFFFFFFFu;
static std::priority_queue<entry> queue;
static std::vector<node> nodes;
static uint32_t first_free;
static uint64_t insertions;

static void setup(int64_t) {
    queue = {};
    nodes = {};
    first_free = none;
}

static void teardown() { setup(0); }

static handle insert(int64_t deadline, uint64_t payload) {
    uint32_t index = first_free;
    if (index != none) {
        first_free = nodes[index].next;
    } else {
        index = (uint32_t)nodes.size();
        nodes.push_back({0, none, 0});
    }
    nodes[index].payload = payload;
    uint32_t generation = ++nodes[index].generation;
    queue.push({deadline, (uint64_t)0x8000 << 48 | insertions++, index, generation});
    return (uint64_t)generation << 32 | index;
}

static void release(uint32_t index) {
    nodes[index].generation++;
    nodes[index].next = first_free;
    first_free = index;
}

static bool cancel(handle h) {
    uint32_t index = (uint32_t)h;
    if (index >= nodes.size() || nodes[index].generation != h >> 32) return false;
    release(index);
    return true;
}

static bool next(int64_t *deadline) {
    while (!queue.empty() && nodes[queue.top().index].generation != queue.top().generation) queue.pop();
    if (queue.empty()) return false;
    *deadline = queue.top().deadline;
    return true;
}

static bool pop(int64_t now, uint64_t *payload) {
    int64_t deadline;
    if (!next(&deadline) || deadline > now) return false;
    uint32_t index = queue.top().index;
    *payload = nodes[index].payload;
    release(index);
    queue.pop();
    return true;
}

#include "workload.h"
