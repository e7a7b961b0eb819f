"""Writes the Parquet files of this folder with pyarrow (26.0.1): python3 make.py.

Each file holds the same five OBELICS-like rows and a column of every other type, written with
another codec, page version and encoding. expected.json is what pyarrow reads back.
"""

import json
import os

import pyarrow as pa
import pyarrow.parquet as pq

HERE = os.path.dirname(os.path.abspath(__file__))


def place(url):
    return {"document_url": "https://pets.example/", "unformatted_src": url, "src": url,
            "formatted_filename": "a", "alt_text": "a puppy", "original_width": 640,
            "original_height": 480, "format": "jpeg"}


def general(url):
    return json.dumps({"url": url, "warc_filename": "x.warc.gz", "warc_record_offset": 1,
                       "warc_record_length": 2})


A, B = "https://pets.example/a.jpg", "https://pets.example/b.jpg"
ROWS = {
    "images": [[A, None, B], [None], [], None, [None, A]],
    "metadata": [json.dumps([place(A), None, place(B)]), json.dumps([None]), "[]", None,
                 json.dumps([None, place(A)])],
    "general_metadata": [general("https://pets.example/%d" % i) for i in range(4)] + [None],
    "texts": [[None, "My puppy.", None], ["Only words, repeated words."], [], None,
              ["My puppy.", None]],
    "flag": [True, None, False, True, True],
    "small": [1, -2, None, 4, 2**31 - 1],
    "large": [1, None, -2**63, 4, 5],
    "single": [0.5, None, -1.25, 0.0, 1e30],
    "double": [0.1, None, -1e300, 0.0, 2.5],
}
SCHEMA = pa.schema([
    ("images", pa.list_(pa.string())),
    ("metadata", pa.string()),
    ("general_metadata", pa.string()),
    ("texts", pa.list_(pa.string())),
    ("flag", pa.bool_()),
    ("small", pa.int32()),
    ("large", pa.int64()),
    ("single", pa.float32()),
    ("double", pa.float64()),
])


def write(name, table, **options):
    pq.write_table(table, os.path.join(HERE, name + ".parquet"), **options)


def main():
    table = pa.table(ROWS, SCHEMA)
    for codec in ["none", "snappy", "gzip", "zstd"]:
        for version in ["1.0", "2.0"]:
            for dictionary in [True, False]:
                name = "%s-v%s-%s" % (codec, version[0], "dictionary" if dictionary else "plain")
                write(name, table, compression=codec, data_page_version=version,
                      use_dictionary=dictionary, row_group_size=3, write_page_checksum=True)
    for codec in ["brotli", "lz4"]:  # LZ4_RAW of the format
        write(codec + "-v2-dictionary", table, compression=codec, data_page_version="2.0",
              row_group_size=3, write_page_checksum=True)
    numbers = {"small": "DELTA_BINARY_PACKED", "large": "DELTA_BINARY_PACKED",
               "single": "BYTE_STREAM_SPLIT", "double": "BYTE_STREAM_SPLIT"}
    texts = ["images.list.element", "metadata", "general_metadata", "texts.list.element"]
    for name, encoding in [("length", "DELTA_LENGTH_BYTE_ARRAY"), ("shared", "DELTA_BYTE_ARRAY")]:
        for version in ["1.0", "2.0"]:
            write("delta-%s-v%s" % (name, version[0]), table, compression="snappy",
                  data_page_version=version, use_dictionary=False, row_group_size=3,
                  column_encoding={**numbers, **{text: encoding for text in texts}})
    # many blocks of deltas of every width, texts that share much
    steps = [(i * i * 2654435761 % 2**64 >> i % 64) - 2**63 for i in range(1000)]
    shared = ["https://pets.example/%05d.jpg" % (i * 7919 % 1000) for i in range(1000)]
    deltas = pa.table({"step": pa.array(steps, pa.int64()), "shared": shared,
                       "small": pa.array([step >> 32 for step in steps], pa.int32())})
    write("deltas", deltas, compression="none", use_dictionary=False, data_page_size=2048,
          column_encoding={"step": "DELTA_BINARY_PACKED", "small": "DELTA_BINARY_PACKED",
                           "shared": "DELTA_BYTE_ARRAY"})
    # pictures as Hugging Face's datasets writes them
    with open(os.path.join(HERE, "..", "codecs", "files", "chroma420.jpg"), "rb") as file:
        picture = file.read()
    struct = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    images = [[{"bytes": picture, "path": "a.jpg"}, None],
              [None, {"bytes": None, "path": "https://pets.example/b.jpg"}], [], None]
    embedded = pa.table({
        "images": pa.array(images, pa.list_(struct)),
        "texts": pa.array([[None, "My puppy."], ["Two.", None], [], None], pa.list_(pa.string()))})
    write("embedded", embedded, compression="snappy", data_page_version="2.0")
    fields = pa.struct([("user", pa.string()), ("assistant", pa.string())])
    chat = pa.table({"images": pa.array([[A]], pa.list_(pa.string())),
                     "texts": pa.array([[{"user": "Who?", "assistant": "A puppy."}]],
                                       pa.list_(fields))})
    write("chat", chat)
    # many small pages and long runs: levels and indices of both kinds, wide indices
    words = ["word %d" % (i * i % 300) if i % 7 else None for i in range(2000)]
    lists = [[w] * (i % 4) for i, w in enumerate(words)]
    long = pa.table({"word": words, "list": pa.array(lists, pa.list_(pa.string())),
                     "run": [i // 500 for i in range(2000)]})
    write("long", long, compression="snappy", data_page_size=512, write_batch_size=64)
    # names of lists as older writers chose them, required fields
    old = pa.table({"images": pa.array([[A], [None]], pa.list_(pa.field("item", pa.string())))})
    write("old-names", old, use_compliant_nested_type=False)
    with open(os.path.join(HERE, "expected.json"), "w") as file:
        json.dump(pq.read_table(os.path.join(HERE, "zstd-v2-plain.parquet")).to_pydict(), file,
                  indent=1)


main()
