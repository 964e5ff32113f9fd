"""An HTTP server that is ill while the file `ill` is there: it closes its port, or answers with 500."""
import os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

host, directory, mode = sys.argv[1:]


def is_ill():
    return os.path.exists(f"{directory}/ill")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if is_ill() else 200)
        self.end_headers()


server = ThreadingHTTPServer((host, 8000), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(f"{directory}/up", "w") as file:
    file.write("up")
while not (mode == "close" and is_ill()):
    time.sleep(0.01)
server.server_close()
time.sleep(12345)
