"""How late the end of a child is noticed by a wait with a timeout, in Python: `lateness.py COUNT FAREWELL`."""

import struct
import subprocess
import sys
import time

for i in range(int(sys.argv[1])):
    child = subprocess.Popen([sys.argv[2], str(5000 + i * 7919 % 20000)], stdout=subprocess.PIPE)
    child.wait(timeout=10)
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    print(now - struct.unpack("q", child.stdout.read(8))[0])
    child.stdout.close()
