"""Decode and resize of a folder of JPEG files in a plain loop of Pillow: for each line on stdin once, from bytes in memory."""
import io
import json
import pathlib
import sys
import time

import PIL
from PIL import Image

FILES = [path.read_bytes() for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.jp*g"))]


def decode(data):
    """Pillow's own default of a resize: bicubic, over the whole of what a pixel covers."""
    return Image.open(io.BytesIO(data)).convert("L").resize((100, 100)).tobytes()


for _ in sys.stdin:
    started = time.process_time()
    for file in FILES:
        decode(file)
    print(json.dumps({"version": PIL.__version__, "images": len(FILES), "seconds": time.process_time() - started}), flush=True)
