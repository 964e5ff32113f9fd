"""Reads TOML documents, one JSON string a line, and prints what Python's tomllib makes of each, one line each:
"invalid", or the value in a form without any freedom: sorted keys, text in hexadecimal, floats bit by bit."""

import datetime
import json
import struct
import sys
import tomllib


def shown(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise ValueError("more than 64 bits")
        return f"i{value}"
    if isinstance(value, float):
        return "nan" if value != value else "f" + struct.pack(">d", value).hex()
    if isinstance(value, str):
        return "s" + value.encode().hex()
    if isinstance(value, datetime.datetime):
        return "datetime" if value.tzinfo is None else "datetime with offset"
    if isinstance(value, datetime.date):
        return "date"
    if isinstance(value, datetime.time):
        return "time"
    if isinstance(value, list):
        return "[" + ",".join(map(shown, value)) + "]"
    pairs = sorted((key.encode(), shown(inner)) for key, inner in value.items())
    return "{" + ",".join(f"{key.hex()}:{inner}" for key, inner in pairs) + "}"


for line in sys.stdin:
    try:
        print(shown(tomllib.loads(json.loads(line))))
    except (ValueError, RecursionError):
        print("invalid")
