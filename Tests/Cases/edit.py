"""Changes one value in a safetensors file: edit.py SOURCE TARGET WHERE VALUE.

WHERE is `tensor/NAME` (VALUE: the bytes of an element in hexadecimal, repeated), `metadata/KEY` (VALUE: text), or
`KEY/path/to/number` within the JSON text of a metadata entry (VALUE: JSON). The checksum stays as it was.
"""

import json
import struct
import sys

source, target, where, value = sys.argv[1:]
with open(source, "rb") as file:
    data = file.read()
length = struct.unpack("<Q", data[:8])[0]
header, rest = json.loads(data[8:8 + length]), bytearray(data[8 + length:])
metadata = header["__metadata__"]
kind, *path = where.split("/")
if kind == "tensor":
    begin, end = header[path[0]]["data_offsets"]
    item = bytes.fromhex(value)
    rest[begin:end] = item * ((end - begin) // len(item))
elif kind == "metadata":
    metadata[path[0]] = value
else:
    text = metadata[kind]
    start = text.find("{")
    tree = node = json.loads(text[start:])
    keys = [int(key) if key.isdigit() else key for key in path]
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = json.loads(value)
    metadata[kind] = text[:start] + json.dumps(tree)
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(target, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + bytes(rest))
