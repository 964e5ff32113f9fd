// How long COUNT turns take with std::mutex, as locks.py: `locks-cpp lock KIND THREADS COUNT`.
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

int main(int, char **arguments) {
    long count = atol(arguments[4]), number = 0;
    int parties = atoi(arguments[3]);
    std::mutex mutex;
    std::barrier start(parties + 1);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < parties; thread++)
        threads.emplace_back([&] {
            start.arrive_and_wait();
            for (long turn = 0; turn < count / parties; turn++) {
                std::lock_guard held(mutex);
                number++;
            }
        });
    start.arrive_and_wait();
    auto began = std::chrono::steady_clock::now();
    for (auto &thread : threads) thread.join();
    auto time = std::chrono::steady_clock::now() - began;
    printf("%lld\n", (long long)std::chrono::nanoseconds(time).count());
    return number != count / parties * parties;
}
