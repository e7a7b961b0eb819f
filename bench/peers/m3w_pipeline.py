"""A Python pipeline for interleaved pages out of the fastest parts known: fastwarc reads, resiliparse parses and extracts,
Pillow judges pictures. What `flamingo data build` does on the same WARC file, without its repetition and duplicate rules.

    python3 bench/peers/m3w_pipeline.py pack FOLDER[:PAGES]... -o pages.warc.gz
        pages (named like the pattern PAGES) and pictures of folders as one WARC file
    python3 bench/peers/m3w_pipeline.py run pages.warc.gz                 one line: pages kept, CPU seconds, pages a second
"""
import argparse
import gzip
import io
import mimetypes
import os
import re
import time
from fnmatch import fnmatch
from urllib.parse import quote, urljoin

from fastwarc.warc import ArchiveIterator, WarcRecordType
from PIL import Image
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding
from resiliparse.parse.html import HTMLTree
from resiliparse.parse.lang import detect_fast

STOP_WORDS = {"the", "be", "to", "of", "and", "that", "have", "with"}
MARK = re.compile("\x02([0-9]+)\x03")


def pack(folders, output):
    """Writes every HTML page and picture below the folders as a response record."""
    with open(output, "wb") as warc:
        for number, argument in enumerate(folders):
            folder, _, pattern = argument.partition(":")
            for base, _, names in sorted(os.walk(folder)):
                for name in sorted(names):
                    mime = mimetypes.guess_type(name)[0] or ""
                    is_page = mime == "text/html" and fnmatch(name, pattern or "*")
                    if not (is_page or mime.startswith("image/")):
                        continue
                    path = os.path.join(base, name)
                    with open(path, "rb") as file:
                        body = file.read()
                    url = f"http://site{number}.example/" + quote(os.path.relpath(path, folder))
                    block = f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\n\r\n".encode() + body
                    head = (f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\n"
                            "WARC-Date: 2024-01-31T12:00:00Z\r\nWARC-Record-ID: <urn:uuid:0>\r\n"
                            "Content-Type: application/http; msgtype=response\r\n"
                            f"Content-Length: {len(block)}\r\n\r\n").encode()
                    warc.write(gzip.compress(head + block + b"\r\n\r\n", 6))


def interleave(html, url):
    """The page's main text with its pictures at their places: [text or URL, ...]."""
    tree = HTMLTree.parse_from_bytes(html, detect_encoding(html))
    if tree.body is None:
        return []
    urls = []
    for image in tree.body.get_elements_by_tag_name("img"):
        source = image.getattr("src")
        if not source or not image.parent:
            continue
        mark = tree.create_text_node(f" \x02{len(urls)}\x03 ")
        urls.append(urljoin(url, source))
        image.parent.insert_before(mark, image)
    text = extract_plain_text(tree, main_content=True, alt_texts=False)
    pieces = MARK.split(text)
    return [urls[int(piece)] if i % 2 else piece.strip() for i, piece in enumerate(pieces) if piece.strip()]


def good_text(text):
    words = text.split()
    if not 50 <= len(words) <= 100_000 or detect_fast(text)[0] != "en":
        return False
    if not 3 <= sum(map(len, words)) / len(words) <= 10:
        return False
    if text.count("#") > 0.1 * len(words) or text.count("...") > 0.1 * len(words):
        return False
    if sum(any(map(str.isalpha, word)) for word in words) < 0.8 * len(words):
        return False
    return len(STOP_WORDS.intersection(word.lower() for word in words)) >= 2


def good_picture(data):
    try:
        picture = Image.open(io.BytesIO(data))
        width, height = picture.size
        if min(width, height) < 64 or max(width, height) > 3 * min(width, height):
            return False
        low, high = zip(*picture.convert("RGB").getextrema())
        return max(h - l for h, l in zip(high, low)) > 8
    except Exception:
        return False


def run(path):
    start = time.process_time()
    pages, pictures, seen = [], {}, 0
    with open(path, "rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
            url = record.headers["WARC-Target-URI"]
            if not (record.http_content_type or "").startswith("text/html"):
                pictures[url] = record.reader.read()
                continue
            seen += 1
            parts = interleave(record.reader.read(), url)
            text = "\n\n".join(part for part in parts if not part.startswith("http://"))
            if len(text) < sum(map(len, parts)) and good_text(text):
                pages.append(parts)
    kept, media, judged = 0, 0, {}
    for parts in pages:
        good = 0
        for part in parts:
            if part.startswith("http://") and part in pictures:
                if part not in judged:
                    judged[part] = good_picture(pictures[part])
                good += judged[part]
        kept += good > 0
        media += good
    seconds = time.process_time() - start
    print(f"python pipeline  {seen} pages, {kept} kept with {media} pictures, {seconds:.2f} s of CPU, "
          f"{seen / seconds:.0f} pages/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["pack", "run"])
    parser.add_argument("paths", nargs="+")
    parser.add_argument("-o", "--output", default="pages.warc.gz")
    options = parser.parse_args()
    if options.verb == "pack":
        pack(options.paths, options.output)
    else:
        run(options.paths[0])
