"""Writes resize.json: what Pillow makes of JPEG files and of pixels, resized, padded and cropped.

Usage: python test/golden/resize.py > test/golden/resize.json; needs pillow only.
Not run by the tests: they read the digests. The small JPEG files are stored, made by Pillow; larger pictures come
from the generator below, which resize.test.ts has as well. Pillow resamples first across, then down, and rounds after
each; since 13 the other way round where that is cheaper, so it is made to do the one after the other.
"""
import base64
import hashlib
import io
import json

import PIL
from PIL import Image, ImageOps, features

SHAPES = [("stretch", 1, 1), ("stretch", 28, 28), ("stretch", 100, 100), ("stretch", 333, 17), ("pad", 64, 64), ("pad", 30, 101), ("pad", 25, 24), ("crop", 64, 64), ("crop", 101, 30), ("crop", 24, 25)]
SIZES = [(1, 1), (7, 5), (100, 100), (290, 191), (37, 640), (1021, 33)]


resize_at_once = Image.Image.resize


def across_then_down(self, size, resample=None, box=None, reducing_gap=None):
    left, top, right, bottom = box or (0, 0, *self.size)
    narrowed = resize_at_once(self, (size[0], self.height), resample, (left, 0, right, self.height))
    return resize_at_once(narrowed, size, resample, (0, top, size[0], bottom))


Image.Image.resize = across_then_down


def generator(seed):
    state = seed
    while True:
        state = (state * 1664525 + 1013904223) % 2**32
        yield state / 2**32


def picture(mode, width, height):
    draw = generator(width * 10007 + height)
    channels = len(mode)
    return Image.frombytes(mode, (width, height), bytes(int(next(draw) * 256) for _ in range(width * height * channels)))


def smooth(mode, width, height):
    """Something that JPEG is made for, with an edge in it."""
    pixels = bytearray()
    for y in range(height):
        for x in range(width):
            value = (x * 3 + y * 5 + (64 if x > width // 3 else 0)) & 255
            pixels += bytes([value]) if mode == "L" else bytes([value, 255 - value, (x * y) & 255])
    return Image.frombytes(mode, (width, height), bytes(pixels))


def jpeg(mode, **options):
    file = io.BytesIO()
    orientation = options.pop("orientation", None)
    if orientation is not None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    smooth(mode, 45, 30).save(file, "jpeg", **options)
    return file.getvalue()


def digests(image):
    """Of the whole image, and of what becomes of it in each shape; in gray and in RGB."""
    made = {}
    for channels, mode in (("1", "L"), ("3", "RGB")):
        source = image.convert(mode)
        whole = {f"stretch {source.width}x{source.height}": source}
        for resize, width, height in SHAPES:
            size = (width, height)
            way = {"stretch": source.resize, "pad": lambda s, m: ImageOps.pad(source, s, m), "crop": lambda s, m: ImageOps.fit(source, s, m)}[resize]
            whole[f"{resize} {width}x{height}"] = way(size, Image.Resampling.BICUBIC)
        made[channels] = {name: hashlib.sha256(result.tobytes()).hexdigest() for name, result in whole.items()}
    return made


JPEGS = {
    "gray": jpeg("L", quality=90),
    "4:4:4": jpeg("RGB", quality=90, subsampling=0),
    "4:2:2": jpeg("RGB", quality=75, subsampling=1),
    "4:2:0": jpeg("RGB", quality=75, subsampling=2),
    "progressive": jpeg("RGB", quality=80, progressive=True),
    "progressive gray": jpeg("L", quality=80, progressive=True),
    "restart markers": jpeg("RGB", quality=80, restart_marker_blocks=2),
    "kept as R, G, B": jpeg("RGB", quality=80, keep_rgb=True),
    **{f"orientation {turn}": jpeg("RGB" if turn % 2 else "L", quality=80, orientation=turn) for turn in range(1, 9)},
}

if __name__ == "__main__":
    files = {name: {"file": base64.b64encode(data).decode(), **digests(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))} for name, data in JPEGS.items()}
    pictures = {f"{mode} {width}x{height}": digests(picture(mode, width, height)) for mode in ("L", "RGB") for width, height in SIZES}
    versions = {"pillow": PIL.__version__, "libjpeg-turbo": features.version("libjpeg_turbo")}
    print(json.dumps({"versions": versions, "files": files, "pictures": pictures}, indent=1))
