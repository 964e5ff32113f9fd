"""How long running a program to its end takes, in Python: `run_rate.py COUNT BALLAST_MIB PROGRAM`, as run-rate.c."""

import subprocess
import sys
import time

count, ballast, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
memory = bytearray(b"\1") * (ballast << 20)
times = []
for _ in range(count):
    before = time.monotonic_ns()
    subprocess.run([program], check=True)
    times.append(time.monotonic_ns() - before)
print(*times, sep="\n")
