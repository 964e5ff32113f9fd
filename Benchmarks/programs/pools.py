"""How long COUNT tasks take that do next to nothing in other processes: `pools.py POOL CONTEXT MEASURE WORKERS COUNT`.

POOL is executor or pool, CONTEXT how its workers are started. MEASURE is submit (all, and then wait for all), trip
(submit one and get its result, again and again), or map-SIZE by chunks of that size. Prints nanoseconds."""

import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor, wait


def nothing() -> None:
    pass


def square(number: int) -> int:
    return number * number


def check(squares, count: int) -> None:
    if sum(squares) != (count - 1) * count * (2 * count - 1) // 6:
        sys.exit("results were lost")


def executor(context, measure: str, workers: int, count: int) -> int:
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        wait([pool.submit(nothing) for _ in range(100 * workers)])
        began = time.monotonic_ns()
        if measure == "submit":
            wait([pool.submit(nothing) for _ in range(count)])
        elif measure == "trip":
            for _ in range(count):
                pool.submit(nothing).result()
        else:
            check(pool.map(square, range(count), chunksize=int(measure[4:])), count)
        return time.monotonic_ns() - began


def pool(context, measure: str, workers: int, count: int) -> int:
    with context.Pool(workers) as pool:
        for result in [pool.apply_async(nothing) for _ in range(100 * workers)]:
            result.wait()
        began = time.monotonic_ns()
        if measure == "submit":
            for result in [pool.apply_async(nothing) for _ in range(count)]:
                result.wait()
        elif measure == "trip":
            for _ in range(count):
                pool.apply(nothing)
        else:
            check(pool.map(square, range(count), chunksize=int(measure[4:])), count)
        return time.monotonic_ns() - began


if __name__ == "__main__":
    kind, method, measure = sys.argv[1:4]
    workers, count = map(int, sys.argv[4:6])
    print({"executor": executor, "pool": pool}[kind](multiprocessing.get_context(method), measure, workers, count))
