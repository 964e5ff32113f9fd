// How long it takes to pass COUNT items through what one writes with the standard library, as queues.py:
// `queues-cpp condition PRODUCERS CONSUMERS CAPACITY COUNT`.
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

class Queue {
public:
    explicit Queue(size_t capacity) : capacity(capacity == 0 ? SIZE_MAX : capacity) {}

    void put(long item) {
        {
            std::unique_lock held(mutex);
            room.wait(held, [&] { return items.size() < capacity; });
            items.push_back(item);
        }
        filled.notify_one();
    }

    long get() {
        long item;
        {
            std::unique_lock held(mutex);
            filled.wait(held, [&] { return !items.empty(); });
            item = items.front();
            items.pop_front();
        }
        room.notify_one();
        return item;
    }

private:
    size_t capacity;
    std::mutex mutex;
    std::condition_variable filled, room;
    std::deque<long> items;
};

int main(int, char **arguments) {
    long producers = atol(arguments[2]), consumers = atol(arguments[3]), count = atol(arguments[5]);
    Queue queue(atol(arguments[4]));
    std::barrier start(producers + consumers + 1);
    std::vector<std::thread> threads;
    std::vector<long> sums(consumers);
    for (long producer = 0; producer < producers; producer++)
        threads.emplace_back([&] {
            start.arrive_and_wait();
            for (long item = 0; item < count / producers; item++) queue.put(item);
        });
    for (long consumer = 0; consumer < consumers; consumer++)
        threads.emplace_back([&, consumer] {
            start.arrive_and_wait();
            long sum = 0;
            for (long turn = 0; turn < count / consumers; turn++) sum += queue.get();
            sums[consumer] = sum;
        });
    start.arrive_and_wait();
    auto began = std::chrono::steady_clock::now();
    for (auto &thread : threads) thread.join();
    auto time = std::chrono::steady_clock::now() - began;
    printf("%lld\n", (long long)std::chrono::nanoseconds(time).count());
    long share = count / producers;
    return std::accumulate(sums.begin(), sums.end(), 0L) == producers * (share * (share - 1) / 2) ? 0 : 1;
}
