"""The workload of workload.h in Python: `python_timers.py heapq|sched N PASSES new|warm`, and `events N` for sched.run.

`heapq` marks what was cancelled, as asyncio does; `sched` is `sched.scheduler`, whose cancel is O(n)."""

import heapq
import random
import sched
import sys
import time

HOUR = 3_600_000_000_000


class Heapq:
    def __init__(self):
        self.heap = []
        self.count = 0

    def insert(self, deadline, payload):
        self.count += 1
        entry = [deadline, self.count, payload, False]
        heapq.heappush(self.heap, entry)
        return entry

    def cancel(self, entry):
        entry[3] = True

    def expire(self):
        fired = 0
        while self.heap:
            now = self.heap[0][0]
            while self.heap and self.heap[0][0] <= now:
                fired += not heapq.heappop(self.heap)[3]
        return fired


class Sched:
    def __init__(self):
        self.now = 0
        self.fired = 0
        self.scheduler = sched.scheduler(lambda: self.now, self.delay)

    def delay(self, nanoseconds):
        self.now += nanoseconds

    def insert(self, deadline, payload):
        return self.scheduler.enterabs(deadline, 0, self.fire, (payload,))

    def fire(self, _payload):
        self.fired += 1

    def cancel(self, event):
        self.scheduler.cancel(event)

    def expire(self):
        self.scheduler.run()
        return self.fired


def measure(structure, n):
    deadlines = [random.randrange(HOUR) for _ in range(n)]
    order = random.sample(range(n), n)
    timers = structure()
    t0 = time.process_time_ns()
    handles = [timers.insert(deadline, i) for i, deadline in enumerate(deadlines)]
    t1 = time.process_time_ns()
    for i in order[: n // 2]:
        timers.cancel(handles[i])
    t2 = time.process_time_ns()
    fired = timers.expire()
    t3 = time.process_time_ns()
    assert fired == n - n // 2
    print(f"{(t1 - t0) / n:.2f} {(t2 - t1) / (n // 2):.2f} {(t3 - t2) / fired:.2f} nan")


def measure_events(n, delayfunc):
    scheduler = sched.scheduler(time.monotonic, delayfunc)
    action = (lambda: None)
    began = time.process_time_ns()
    for _ in range(n):
        scheduler.enter(0, 0, action)
    scheduler.run()
    print((time.process_time_ns() - began) / n)


if sys.argv[1] == "events":
    measure_events(int(sys.argv[2]), time.sleep)
elif sys.argv[1] == "events-without-delay":
    measure_events(int(sys.argv[2]), lambda _: None)
else:
    for _ in range(int(sys.argv[3])):
        measure({"heapq": Heapq, "sched": Sched}[sys.argv[1]], int(sys.argv[2]))
