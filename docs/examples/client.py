import json, socket, sys

def call(method, path="/run/roost/control.sock", **params):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.connect(path)
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        channel.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(channel.makefile().readline())
    if "error" in answer:
        raise SystemExit(answer["error"]["message"])
    return answer["result"]

for instance in call("status", *sys.argv[1:])["instances"]:
    print(instance["name"], instance["state"], instance.get("pid", "-"))
