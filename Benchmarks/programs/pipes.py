"""The same as PipeRate, by CPython's multiprocessing: nanoseconds.

    pipes.py bytes|values|round SIZE COUNT
    pipes.py spawn|forkserver COUNT
    pipes.py code int|struct|nested|bytes COUNT
"""

import multiprocessing
import pickle
import sys
import time
from dataclasses import dataclass


@dataclass
class Small:
    id: int
    name: str
    ratio: float


def peer(connection, kind, count):
    if kind == "bytes":
        for _ in range(count):
            connection.recv_bytes()
    elif kind == "values":
        for _ in range(count):
            connection.recv()
    else:
        for _ in range(count):
            connection.send_bytes(connection.recv_bytes())
    connection.send_bytes(b"")


def nothing():
    pass


def pass_messages(kind, size, count):
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=peer, args=(there, kind, count))
    process.start()
    there.close()
    message = bytes([7]) * size
    began = time.perf_counter_ns()
    if kind == "bytes":
        for _ in range(count):
            here.send_bytes(message)
    elif kind == "values":
        for _ in range(count):
            here.send(message)
    else:
        for _ in range(count):
            here.send_bytes(message)
            here.recv_bytes()
    here.recv_bytes()
    print(time.perf_counter_ns() - began)
    process.join()


def start(method, count):
    context = multiprocessing.get_context(method)
    first = context.Process(target=nothing)
    first.start()
    first.join()
    began = time.perf_counter_ns()
    for _ in range(count):
        process = context.Process(target=nothing)
        process.start()
        process.join()
    print(time.perf_counter_ns() - began)


def code(shape, count):
    small = Small(5, "order", 0.5)
    value = {
        "int": 5,
        "struct": small,
        "nested": {"title": "many", "items": [Small(5, "order", 0.5) for _ in range(10)], "table": {"a": 1, "b": 2}},
        "bytes": bytes([1]) * (1 << 20),
    }[shape]
    began = time.perf_counter_ns()
    for _ in range(count):
        pickle.dumps(value, -1)
    print(time.perf_counter_ns() - began)
    packed = pickle.dumps(value, -1)
    began = time.perf_counter_ns()
    for _ in range(count):
        pickle.loads(packed)
    print(time.perf_counter_ns() - began)


if __name__ == "__main__":
    if sys.argv[1] in ("spawn", "forkserver"):
        start(sys.argv[1], int(sys.argv[2]))
    elif sys.argv[1] == "code":
        code(sys.argv[2], int(sys.argv[3]))
    else:
        pass_messages(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
