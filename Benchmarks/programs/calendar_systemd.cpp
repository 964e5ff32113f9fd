// What finding the next time takes in systemd's own library: calendar-systemd LIBRARY COUNT reads expressions, one a
// line, and prints for each of them the nanoseconds of one search, of reading it, and the last time found. The zone is
// that of the environment.
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    void *library = dlopen(argv[1], RTLD_NOW);
    if (!library) {
        std::fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    auto parse = reinterpret_cast<int (*)(const char *, void **)>(dlsym(library, "calendar_spec_from_string"));
    auto next = reinterpret_cast<int (*)(const void *, uint64_t, uint64_t *)>(dlsym(library, "calendar_spec_next_usec"));
    auto release = reinterpret_cast<void *(*)(void *)>(dlsym(library, "calendar_spec_free"));
    if (!parse || !next || !release) return 1;
    const int count = std::atoi(argv[2]);
    const uint64_t start = 1'735'689'600'000'000;
    using clock = std::chrono::steady_clock;
    for (std::string line; std::getline(std::cin, line);) {
        void *spec = nullptr;
        if (parse(line.c_str(), &spec) < 0) return 1;
        double best = 1e18;
        uint64_t last = start;
        for (int round = 0; round < 3; round++) {
            last = start;
            auto began = clock::now();
            for (int turn = 0; turn < count; turn++) {
                uint64_t found;
                last = next(spec, last, &found) < 0 ? start : found;
            }
            best = std::min(best, std::chrono::duration<double, std::nano>(clock::now() - began).count());
        }
        release(spec);
        double parsing = 1e18;
        for (int round = 0; round < 3; round++) {
            auto began = clock::now();
            for (int turn = 0; turn < count; turn++) {
                parse(line.c_str(), &spec);
                release(spec);
            }
            parsing = std::min(parsing, std::chrono::duration<double, std::nano>(clock::now() - began).count());
        }
        std::printf("%.1f %.1f %llu\n", best / count, parsing / count, (unsigned long long)(last / 1'000'000));
    }
}
