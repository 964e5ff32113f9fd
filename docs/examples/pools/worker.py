#!/usr/bin/env python3
"""A worker of a Roost pool: a JSON task a line on standard input, a JSON answer a line on standard output."""

import json
import os
import sys
import traceback


def work(task):
    """What this worker is for: any JSON value in, any JSON value out. An exception becomes {"error": ...}."""
    return {"sum": sum(task["numbers"])}


def main():
    # The two streams of the pool, for nobody but this loop: what print, a library or a child process writes goes to
    # standard error, which is the log, and whoever reads standard input finds it empty.
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    for line in tasks:
        try:
            # JSON has no NaN; to say so is better than to write it.
            answer = json.dumps(work(json.loads(line)), separators=(",", ":"), allow_nan=False)
        except Exception as error:
            traceback.print_exc()
            answer = json.dumps({"error": f"{type(error).__name__}: {error}"})
        answers.write(answer.encode() + b"\n")
        answers.flush()


main()
