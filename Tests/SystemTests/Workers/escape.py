"""Leaves a process behind that does all that a daemon does to get away, and with "scrub" hides its environment, too."""
import os, sys, time

directory = sys.argv[1]
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    os.closerange(0, 1024)
    program = f"import os, time; open('{directory}/escaped.pid', 'w').write(f'{{os.getpid()}}\\n'); time.sleep(12345)"
    environment = {} if "scrub" in sys.argv else os.environ
    os.execve(sys.executable, [sys.executable, "-S", "-c", program], environment)
os.wait()
time.sleep(12345)
