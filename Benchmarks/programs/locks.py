"""How long COUNT turns take with a primitive of CPython: `locks.py PRIMITIVE KIND THREADS COUNT`.

PRIMITIVE is lock (every turn acquires and releases it), condition or semaphore (two threads hand each turn over to each
other). Prints nanoseconds, as the programs in other languages do."""

import sys
import threading
import time
from collections.abc import Callable

primitive = sys.argv[1]
threads, count = int(sys.argv[3]), int(sys.argv[4])
ready = threading.Barrier(threads + 1)


def locking() -> list[Callable[[], None]]:
    lock = threading.Lock()
    number = 0

    def work() -> None:
        nonlocal number
        for _ in range(count // threads):
            with lock:
                number += 1

    return [work] * threads


def with_condition() -> list[Callable[[], None]]:
    condition = threading.Condition(threading.Lock())
    turn = 0

    def work(own: int) -> None:
        nonlocal turn
        for _ in range(count // 2):
            with condition:
                while turn != own:
                    condition.wait()
                turn = 1 - own
                condition.notify()

    return [lambda: work(0), lambda: work(1)]


def with_semaphores() -> list[Callable[[], None]]:
    semaphores = [threading.Semaphore(1), threading.Semaphore(0)]

    def work(own: int) -> None:
        for _ in range(count // 2):
            semaphores[own].acquire()
            semaphores[1 - own].release()

    return [lambda: work(0), lambda: work(1)]


def run(work: Callable[[], None]) -> None:
    ready.wait()
    work()


works = {"lock": locking, "condition": with_condition, "semaphore": with_semaphores}[primitive]()
running = [threading.Thread(target=run, args=(work,)) for work in works]
for thread in running:
    thread.start()
ready.wait()
began = time.monotonic_ns()
for thread in running:
    thread.join()
print(time.monotonic_ns() - began)
