"""Writes the shards of this folder with the writers that others use.

python3 make.py IMG2DATASET needs img2dataset 1.47.0's writer.py in the folder IMG2DATASET, and the
packages webdataset 1.0.2, fsspec, numpy and pyarrow.
"""

import base64
import importlib.util
import json
import os
import sys

import pyarrow as pa
import webdataset as wds

HERE = os.path.dirname(os.path.abspath(__file__))
PICTURE = open(os.path.join(HERE, "../codecs/files/chroma420.jpg"), "rb").read()


def img2dataset_shard(folder):
    spec = importlib.util.spec_from_file_location("writer", os.path.join(folder, "writer.py"))
    writer_module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer_module)
    fields = {"url": pa.string(), "caption": pa.string(), "key": pa.string(), "status": pa.string(),
              "error_message": pa.string(), "width": pa.int32(), "height": pa.int32(),
              "original_width": pa.int32(), "original_height": pa.int32(), "exif": pa.string(),
              "sha256": pa.string()}
    writer = writer_module.WebDatasetSampleWriter(0, HERE, True, 5, pa.schema(list(fields.items())),
                                                  "jpg")

    def meta(key, **others):
        return dict.fromkeys(fields) | {"key": key, "url": "https://pets.example/%s.jpg" % key} | others

    good = {"status": "success", "width": 256, "height": 192, "original_width": 640,
            "original_height": 480, "exif": "{}", "sha256": "00" * 32}
    writer.write(PICTURE, "000000000", "A puppy.", meta("000000000", caption="A puppy.", **good))
    writer.write(PICTURE, "000000001", None, meta("000000001", **good))
    writer.write(None, "000000002", "Gone.", meta("000000002", caption="Gone.",
                                                  status="failed_to_download",
                                                  error_message="HTTP Error 404: Not Found"))
    writer.close()


def openflamingo_shard():
    # what OpenFlamingo's converter does to a document: str() around the bytes of base64
    document = {
        "image_info": [
            {"face_detections": None, "image_name": "a.jpg", "matched_sim": 0.27694183588027954,
             "matched_text_index": 1, "raw_url": "https://pets.example/a.jpg",
             "image_base64": str(base64.b64encode(PICTURE))},
            {"face_detections": None, "image_name": "b.jpg", "matched_sim": 0.3234919607639313,
             "matched_text_index": 0, "raw_url": "https://pets.example/b.jpg"}],
        "similarity_matrix": [[0.25, 0.27694183588027954], [0.3234919607639313, 0.26]],
        "text_list": ["My dog\u2019s bed.", "It sleeps."],
        "url": "https://pets.example/", "could_have_url_duplicate": 0}
    with wds.ShardWriter(HERE + "/openflamingo-%09d.tar") as sink:
        sink.write({"__key__": "0123456789abcdef0123456789abcdef", "json": document})


img2dataset_shard(sys.argv[1])
openflamingo_shard()
for old, new in [("00000.tar", "img2dataset.tar"), ("00000.parquet", "img2dataset.parquet"),
                 ("openflamingo-000000000.tar", "openflamingo.tar")]:
    os.rename(os.path.join(HERE, old), os.path.join(HERE, new))
