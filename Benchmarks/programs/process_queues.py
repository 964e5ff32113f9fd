"""How long it takes to pass COUNT messages of SIZE bytes to another process, or there and back:
`process_queues.py KIND SIZE COUNT`.

KIND is queue, simple or echo. Prints nanoseconds, as every program of the benchmark does."""

import multiprocessing
import sys
import time


def consume(there, back, count: int) -> None:
    back.put(None)
    back.put(sum(len(there.get()) for _ in range(count)))


def echo(there, back, count: int) -> None:
    back.put(None)
    for _ in range(count):
        back.put(there.get())


def main() -> None:
    kind = sys.argv[1]
    size, count = map(int, sys.argv[2:4])
    context = multiprocessing.get_context("spawn")
    make = context.SimpleQueue if kind == "simple" else context.Queue
    there, back = make(), make()
    message = bytes([1]) * size
    process = context.Process(target=echo if kind == "echo" else consume, args=(there, back, count))
    process.start()
    back.get()
    began = time.monotonic_ns()
    if kind == "echo":
        for _ in range(count):
            there.put(message)
            back.get()
    else:
        for _ in range(count):
            there.put(message)
        if back.get() != size * count:
            sys.exit("messages were lost")
    print(time.monotonic_ns() - began)
    process.join()


if __name__ == "__main__":
    main()
