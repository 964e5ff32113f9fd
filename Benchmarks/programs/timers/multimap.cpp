// std::multimap: equal deadlines stay in the order of insertion, and an iterator is the handle.
#include <cstdint>
#include <map>

typedef std::multimap<int64_t, uint64_t> timers;
typedef timers::iterator handle;

static timers waiting;

static void setup(int64_t) { waiting.clear(); }
static void teardown() { waiting.clear(); }

static handle insert(int64_t deadline, uint64_t payload) { return waiting.insert({deadline, payload}); }

static bool cancel(handle h) {
    waiting.erase(h);
    return true;
}

static bool next(int64_t *deadline) {
    if (waiting.empty()) return false;
    *deadline = waiting.begin()->first;
    return true;
}

static bool pop(int64_t now, uint64_t *payload) {
    if (waiting.empty() || waiting.begin()->first > now) return false;
    *payload = waiting.begin()->second;
    waiting.erase(waiting.begin());
    return true;
}

#include "workload.h"
