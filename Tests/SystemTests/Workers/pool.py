"""A member of an HTTP pool: answers with what Redis says to a PING. /exit ends it with code 3."""
import os, socket, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

host, port = sys.argv[1], int(sys.argv[2])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/exit":
            os._exit(3)
        try:
            with socket.create_connection((host, 6379), timeout=2) as redis:
                redis.sendall(b"PING\r\n")
                body = redis.makefile().readline().encode()
            self.send_response(200)
        except OSError as error:
            body = str(error).encode()
            self.send_response(503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer((host, port), Handler).serve_forever()
