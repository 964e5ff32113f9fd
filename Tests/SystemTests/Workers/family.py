"""A parent and its child, each of which writes down the TERM that it gets."""
import os, signal, sys

directory = sys.argv[1]


def note(who):
    def handle(number, frame):
        with open(f"{directory}/{who}.signal", "w") as file:
            file.write("TERM")
        os._exit(0)
    signal.signal(signal.SIGTERM, handle)


child = os.fork()
if child == 0:
    note("child")
    with open(f"{directory}/child.pid", "w") as file:
        file.write(str(os.getpid()))
    os.write(1, b"family is up\n")
else:
    note("parent")
while True:
    signal.pause()
