"""How long COUNT tasks take that do nothing: `futures.py MEASURE WORKERS COUNT`.

MEASURE is submit (all, and then wait for all), trip (submit one and get its result, again and again), map-1 or map-100
(by chunks of that size; threads of CPython know no chunks, and so take one at a time). Prints nanoseconds, as every
program of the benchmark does."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait

measure = sys.argv[1]
workers, count = map(int, sys.argv[2:4])


def nothing() -> None:
    pass


with ThreadPoolExecutor(workers) as pool:
    wait([pool.submit(nothing) for _ in range(workers)])
    began = time.monotonic_ns()
    if measure == "submit":
        wait([pool.submit(nothing) for _ in range(count)])
    elif measure == "trip":
        for _ in range(count):
            pool.submit(nothing).result()
    else:
        if sum(pool.map(lambda number: number, range(count), chunksize=int(measure[4:]))) != count * (count - 1) // 2:
            sys.exit("results were lost")
    print(time.monotonic_ns() - began)
