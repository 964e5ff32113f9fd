"""How long calls to objects of a manager take: `managers.py KIND CLIENTS COUNT`.

KIND is dictionary or queue. Each of CLIENTS processes does COUNT rounds of two calls. Prints nanoseconds."""

import multiprocessing
import sys
import time


def use(kind: str, shared, barrier, count: int, key: str) -> None:
    barrier.wait()
    if kind == "dictionary":
        for number in range(count):
            shared[key] = number
            shared[key]
    else:
        for number in range(count):
            shared.put(number)
            shared.get()
    barrier.wait()


if __name__ == "__main__":
    kind, clients, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        shared = manager.dict() if kind == "dictionary" else manager.Queue()
        barrier = context.Barrier(clients + 1)
        workers = [
            context.Process(target=use, args=(kind, shared, barrier, count, f"key {number}"))
            for number in range(clients)]
        for worker in workers:
            worker.start()
        barrier.wait()
        began = time.monotonic_ns()
        barrier.wait()
        print(time.monotonic_ns() - began)
        for worker in workers:
            worker.join()
