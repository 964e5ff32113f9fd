"""Calls to a process pool of CPython: `calls.py pool|executor THREADS PROCESSES COUNT`.

Prints the nanoseconds of the whole, then of each call, one a line."""

import concurrent.futures
import multiprocessing
import sys
import threading
import time

TASK = {"numbers": [1, 2, 3]}


def echo(task):
    """What a worker does."""
    return task


def main() -> None:
    """Calls from so many threads at once."""
    kind, threads, processes, count = sys.argv[1], *map(int, sys.argv[2:])
    if kind == "pool":
        pool = multiprocessing.Pool(processes)
        call = lambda: pool.apply(echo, (TASK,))
        end = pool.terminate
    else:
        pool = concurrent.futures.ProcessPoolExecutor(processes)
        call = lambda: pool.submit(echo, TASK).result()
        end = pool.shutdown
    for _ in range(100):
        call()
    times: list[int] = []

    def caller() -> None:
        mine = []
        for _ in range(count // threads):
            began = time.monotonic_ns()
            call()
            mine.append(time.monotonic_ns() - began)
        times.extend(mine)

    callers = [threading.Thread(target=caller) for _ in range(threads)]
    began = time.monotonic_ns()
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join()
    print(time.monotonic_ns() - began)
    print("\n".join(map(str, times)))
    end()


if __name__ == "__main__":
    main()
