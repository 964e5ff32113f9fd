"""How long starting a process takes, in Python: `spawn_rate.py COUNT BALLAST_MIB PROGRAM`, as spawn-rate.c."""

import subprocess
import sys
import time

count, ballast, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
memory = bytearray(b"\1") * (ballast << 20)
times = []
for _ in range(count):
    before = time.monotonic_ns()
    child = subprocess.Popen([program])
    times.append(time.monotonic_ns() - before)
    child.kill()
    child.wait()
print(*times, sep="\n")
