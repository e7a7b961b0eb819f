#!/usr/bin/env python3
"""Writes pieces.jsonl: what the `tokenizers` library makes of texts with split patterns that no scanner of ours knows.

Needs PyPI's tokenizers (0.23.3 here): make.py OUTPUT
"""
import json
import random
import sys

from tokenizers import Regex, pre_tokenizers

PATTERNS = [
    # cases of words, contractions in any case, possessive runs, lookahead
    (r"(?i:n't|'s|'ll)|[\p{Lu}\p{Lt}]?[\p{Ll}\p{Lm}\p{M}]+|\p{Lu}+(?!\p{Ll})|\p{N}{1,2}|[^\s\p{L}\p{M}\p{N}]++|\s+(?=\S)|\s+",
     "isolated"),
    # words by Unicode, boundaries, lookbehind, counts
    (r"\b\w{,6}|[\w\d]\B|(?<=\d)\D|[^\w\s]{2,3}?|\u00e9|\S", "removed"),
    # empty matches, lines, ranges, back references
    (r"(?=[A-Z])|[一-鿿ぁ-ゟ\u30a1-\x{30ff}]+|^\s*|(.)\1|.$", "merged_with_previous"),
    # the split of GPT-4o's tokenizer (o200k)
    (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
     r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
     r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+", "isolated"),
]
TEXTS = [
    "Hello, WORLD! It isn't John's, he'll say; ISN'T IT?", "fooBarBAZqux HTTPServer2go v1.10.3", "  two  spaces\t\ttabs \n\n lines\r\n",
    "Größe naïve café cafe\u0301 ﬁne ǅungla", "Привет, мир! ЁЛКА ёлка", "Ελληνικά: Σίσυφος ΣΊΣΥΦΟΣ", "日本語のテキストとカタカナ、漢字。", "中文没有空格，标点符号！１２３",
    "한국어 문장입니다 123개", "हिन्दी में लिखा हुआ पाठ ४२", "ภาษาไทยไม่มีช่องว่าง", "العربية ١٢٣ نصٌّ مُشَكَّل", "עברית עם נִקּוּד", "Ⓐ ⅷ ② ½ ³ x² ‿_‿", "👩‍👩‍👧 🇩🇪 ❤️ 🏳️‍🌈!!",
    "a\u00a0b\u3000c\u2028d\u0085e\u200bf\u180eg", "price: $1,234.56 (50%) #tag @me a+b==c", "''''s 'S 'LL 'Ll l'l", "", " ", "\n", "É É é é", "x" * 40 + "Y" * 40, "ſ ß ẞ İ ı K",
]


def random_text(rng):
    pool = "aZ9 '\n\r\t-é\u0301Яж漢かカ한हि١🙂ªⅷⒶ_\u00a0.,sS"
    return "".join(rng.choice(pool) for _ in range(rng.randrange(1, 24)))


def main():
    rng = random.Random(7)
    texts = TEXTS + [random_text(rng) for _ in range(40)]
    with open(sys.argv[1], "w") as out:
        for pattern, behavior in PATTERNS:
            split = pre_tokenizers.Split(Regex(pattern), behavior)
            pieces = [[piece for piece, _ in split.pre_tokenize_str(text)] for text in texts]
            name = "".join(word.capitalize() for word in behavior.split("_"))
            out.write(json.dumps({"pattern": pattern, "behavior": name, "texts": texts, "pieces": pieces}) + "\n")


main()
