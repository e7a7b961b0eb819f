"""Writes the tars of this folder: python3 make.py (Python 3.11, GNU tar 1.34)."""
import io
import subprocess
import tarfile

tarfile.RECORDSIZE = 512  # no padding behind the two zero blocks

LONG = "d/" * 60 + "long-name.txt"  # 133 bytes: ustar splits it, GNU and pax spell it out
FILES = [
    ("000000.jpg", bytes(range(256)) * 2),
    ("000000.txt", b"a flamingo"),
    ("empty.txt", b""),
    (LONG, b"found under a long name"),
    ("r\u00f6sa.txt", b"name in UTF-8"),
    ("last.bin", b"\x00" * 513),
]


def add(tar, name, kind, data=b"", link=""):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname, info.mtime = kind, len(data), link, 1700000000
    tar.addfile(info, io.BytesIO(data))


for label, form in (("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)):
    with tarfile.open(label + ".tar", "w", format=form, encoding="utf-8") as tar:
        add(tar, "folder", tarfile.DIRTYPE)
        for name, data in FILES[:3]:
            add(tar, name, tarfile.REGTYPE, data)
        add(tar, "soft", tarfile.SYMTYPE, link="x" * (90 if form == tarfile.USTAR_FORMAT else 130))
        add(tar, "hard", tarfile.LNKTYPE, link="000000.txt")
        add(tar, "pipe", tarfile.FIFOTYPE)
        for name, data in FILES[3:]:
            add(tar, name, tarfile.REGTYPE, data)

# What TarWriter must write byte for byte: times, owners and modes are TarInfo's defaults (0, 0, 0644).
with tarfile.open("writer.tar", "w", format=tarfile.USTAR_FORMAT, encoding="utf-8") as tar:
    for name, data in FILES[:3] + FILES[4:]:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))

# A sparse file with more than 4 stretches, so that the old GNU format needs a second map block.
with open("holes", "wb") as file:
    for i in range(5):
        file.seek(i << 16)
        file.write(b"x")
    file.truncate(1 << 20)
with open("plain.txt", "wb") as file:
    file.write(b"behind the sparse file")
for form in ("gnu", "posix"):
    subprocess.check_call(["tar", "-c", "-S", "-b1", "--owner=0", "--group=0", "--mtime=@0", "--format=" + form,
                           "-f", "sparse-%s.tar" % form, "holes", "plain.txt"])
subprocess.check_call(["rm", "holes", "plain.txt"])
