"""How long it takes to pass COUNT items through one queue: `queues.py KIND PRODUCERS CONSUMERS CAPACITY COUNT`.

KIND is queue or simple; a capacity of 0 is none. Prints nanoseconds, as every program of the benchmark does."""

import queue
import sys
import threading
import time

kind = sys.argv[1]
producers, consumers, capacity, count = map(int, sys.argv[2:6])
items = queue.SimpleQueue() if kind == "simple" else queue.Queue(capacity)
ready = threading.Barrier(producers + consumers + 1)
sums: list[int] = []


def produce(share: int) -> None:
    put = items.put
    ready.wait()
    for item in range(share):
        put(item)


def consume(share: int) -> None:
    get = items.get
    total = 0
    ready.wait()
    for _ in range(share):
        total += get()
    sums.append(total)


threads = [threading.Thread(target=produce, args=(count // producers,)) for _ in range(producers)]
threads += [threading.Thread(target=consume, args=(count // consumers,)) for _ in range(consumers)]
for thread in threads:
    thread.start()
ready.wait()
began = time.monotonic_ns()
for thread in threads:
    thread.join()
print(time.monotonic_ns() - began)
share = count // producers
if sum(sums) != producers * (share * (share - 1) // 2):
    sys.exit("items were lost")
