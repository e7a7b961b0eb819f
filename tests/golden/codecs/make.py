"""Writes files/ and pixels.safetensors (numpy, Pillow 13.0.0): odd but legal pictures and Pillow's
pixels of them. FILE.rgb is convert("RGB"); FILE.white is alpha_composite over white, then RGB."""
import json
import struct
import zlib

import numpy as np
from PIL import Image

rng = np.random.default_rng(77)


def pixels(height, width, channels):
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    a = (x * (7 + c) + y * (5 - c) + 40 * c + rng.integers(0, 30, y.shape)) % 256
    return a.astype(np.uint8)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png(path, array, color_type, depth, interlaced=False):
    """array [H, W, bytes per pixel], filter 0 on every row."""
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
                  (1, 0, 2, 1)]
    rows = b""
    for top, left, dy, dx in passes:
        part = array[top::dy, left::dx]
        if part.size:
            rows += b"".join(b"\0" + row.tobytes() for row in part)
    head = struct.pack(">IIBBBBB", array.shape[1], array.shape[0], depth, color_type, 0, 0, interlaced)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
                + chunk(b"IEND", b""))


def palette_image(height, width, bits):
    image = Image.fromarray(pixels(height, width, 1)[:, :, 0] >> (8 - bits)).convert("L")
    image = Image.fromarray(np.asarray(image), "P")
    image.putpalette(rng.integers(0, 256, 3 << bits, dtype=np.uint8).tobytes())
    return image


write_png("files/rgb16.png", pixels(9, 14, 6), 2, 16)
write_png("files/rgba16.png", pixels(8, 5, 8), 6, 16)
write_png("files/grey16.png", pixels(7, 11, 2), 0, 16)
write_png("files/interlaced.png", pixels(13, 19, 3), 2, 8, interlaced=True)
Image.fromarray(pixels(17, 12, 2), "LA").save("files/grey_alpha.png")
Image.fromarray(pixels(17, 12, 1)[:, :, 0]).save("files/grey_key.png", transparency=90)
for bits in (1, 2, 4):
    palette_image(11, 13, bits).save(f"files/palette{bits}.png", bits=bits)
image = palette_image(11, 13, 4)
image.save("files/palette_trns.png", bits=4, transparency=bytes(range(0, 256, 16)))
palette_image(20, 15, 4).save("files/plain.gif", interlace=0)
palette_image(21, 16, 8).save("files/interlaced.gif", interlace=1, transparency=3)
Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).save("files/grey.gif")
frames = [palette_image(12, 18, 3), palette_image(12, 18, 3)]
frames[0].save("files/animated.gif", save_all=True, append_images=frames[1:], duration=100)
rgba = Image.fromarray(pixels(16, 22, 4), "RGBA")
rgba.save("files/lossless_alpha.webp", lossless=True, exact=True)
rgba.save("files/lossy_alpha.webp", quality=80)
rgba.save("files/animated.webp", save_all=True, append_images=[rgba.rotate(180)], lossless=True)
Image.fromarray(pixels(24, 31, 3)).save("files/progressive.jpg", progressive=True, quality=85)
Image.fromarray(pixels(24, 31, 3)).save("files/chroma420.jpg", subsampling=2, quality=60)
Image.fromarray(pixels(9, 17, 1)[:, :, 0]).save("files/grey.jpg", quality=90)

# A GIF whose 4 x 3 frame lies at (5, 2) of a 12 x 8 canvas, with a see-through index.
small = palette_image(3, 4, 2)
small.putdata([0, 1, 2, 3] * 3)
small.save("/tmp/small.gif", transparency=2)
data = bytearray(open("/tmp/small.gif", "rb").read())
data[6:10] = struct.pack("<HH", 12, 8)
at = data.index(b"\x2c\0\0\0\0" + struct.pack("<HH", 4, 3))
data[at + 1:at + 5] = struct.pack("<HH", 5, 2)
open("files/offset.gif", "wb").write(data)

tensors = {}
import glob
import os
for path in sorted(glob.glob("files/*")):
    name = os.path.basename(path)
    if name == "grey16.png":
        continue
    image = Image.open(path)
    image.load()
    tensors[name + ".rgb"] = np.asarray(image.convert("RGB"))
    if image.mode != "RGB":
        white = Image.new("RGBA", image.size, (255, 255, 255))
        tensors[name + ".white"] = np.asarray(
            Image.alpha_composite(white, image.convert("RGBA")).convert("RGB"))
header, blob = {}, b""
for name, a in tensors.items():
    header[name] = {"dtype": "U8", "shape": a.shape, "data_offsets": [len(blob), len(blob) + a.size]}
    blob += a.tobytes()
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
open("pixels.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + blob)
