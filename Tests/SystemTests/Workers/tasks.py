"""A worker of a pool that does as the task says."""

import json
import os
import sys
import time

for line in sys.stdin:
    task = json.loads(line)
    if task == "die":
        os._exit(3)
    elif task == "hang":
        time.sleep(1000)
    elif task == "cut":
        os.write(1, b'{"half')
        os._exit(2)
    elif task == "flood":
        os.write(1, b"x" * (2 << 20))
    elif isinstance(task, (int, float)):
        time.sleep(task)
    if task == "garbage":
        text = "hello, world"
    elif task == "error":
        text = '{"error": "as asked"}'.replace(" ", "", 1)
    elif task == "pid":
        text = str(os.getpid())
    else:
        text = json.dumps(task, ensure_ascii=False)
    if task == "babble":
        # In one piece, however the interpreter buffers: a line that came later would be the next task's answer.
        text += "\nand more"
    os.write(1, f"{text}\n".encode())
