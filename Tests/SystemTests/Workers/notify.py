"""Tells with sd_notify that it is ready once the file `go` is there, and waits for its barrier."""
import array, os, socket, sys, time

directory = sys.argv[1]
path = os.environ["NOTIFY_SOCKET"]
with open(f"{directory}/up.new", "w") as file:
    file.write(path + "\n")
os.rename(f"{directory}/up.new", f"{directory}/up")
while not os.path.exists(f"{directory}/go"):
    time.sleep(0.02)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
    channel.connect(path)
    channel.sendall(b"STATUS=all is well\nREADY=1")
    reader, writer = os.pipe()
    channel.sendmsg([b"BARRIER=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [writer]))])
    os.close(writer)
    # The receiver closes the descriptor when it has read everything that was sent before.
    os.read(reader, 1)
with open(f"{directory}/barrier", "w") as file:
    file.write("passed")
time.sleep(12345)
