#!/usr/bin/env python3
"""Writes flamingo/text/unicode_tables.inc: character classes and canonical normalisation.

Usage: pip install unicodedata2==16.0.0; tools/make_unicode_tables.py > flamingo/text/unicode_tables.inc

Classes follow Unicode 16, as the regular expressions of Hugging Face tokenizers 0.22 do. Normalisation
follows Unicode 9, as its normalizers do: later characters neither decompose nor reorder there.
"""

import unicodedata2 as unicode

assert unicode.unidata_version == "16.0.0", unicode.unidata_version

CLASSES = {"L": 1, "M": 2, "Nd": 3, "Nl": 4, "No": 5, "P": 6, "S": 7}
CODE_POINTS = range(0x110000)

# Characters with a combining class or a decomposition that came after Unicode 9.
AFTER_UNICODE_9 = [
    (0x7FD, 0x7FD), (0x897, 0x89F), (0x8CA, 0x8D3), (0x9FE, 0x9FE), (0xC3C, 0xC3C),
    (0xD3B, 0xD3C), (0xEBA, 0xEBA), (0x1715, 0x1715), (0x1ABF, 0x1ACE), (0x1DF6, 0x1DFA),
    (0xA82C, 0xA82C), (0x105C9, 0x105C9), (0x105E4, 0x105E4), (0x10D24, 0x10D27),
    (0x10D69, 0x10D6D), (0x10EAB, 0x10EAC), (0x10EFD, 0x10EFF), (0x10F46, 0x10F50),
    (0x10F82, 0x10F85), (0x11070, 0x11070), (0x1133B, 0x1133B), (0x11383, 0x11391),
    (0x113C5, 0x113C8), (0x113CE, 0x113D0), (0x1145E, 0x1145E), (0x11839, 0x1183A),
    (0x11938, 0x11938), (0x1193D, 0x1193E), (0x11943, 0x11943), (0x119E0, 0x119E0),
    (0x11A34, 0x11A34), (0x11A47, 0x11A47), (0x11A99, 0x11A99), (0x11D42, 0x11D45),
    (0x11D97, 0x11D97), (0x11F41, 0x11F42), (0x16121, 0x1612F), (0x16D68, 0x16D6A),
    (0x16FF0, 0x16FF1), (0x1E08F, 0x1E08F), (0x1E130, 0x1E136), (0x1E2AE, 0x1E2AE),
    (0x1E2EC, 0x1E2EF), (0x1E4EC, 0x1E4EF), (0x1E5EE, 0x1E5EF),
]


def is_later(code):
    return any(low <= code <= high for low, high in AFTER_UNICODE_9)


def char_class(code):
    category = unicode.category(chr(code))
    return CLASSES.get(category, CLASSES.get(category[0], 0))


def combining(code):
    return 0 if is_later(code) else unicode.combining(chr(code))


def ranges(value_of, bits):
    """Words start << bits | value, one where the value changes."""
    words, last = [], None
    for code in CODE_POINTS:
        value = value_of(code)
        if value != last:
            words.append(code << bits | value)
            last = value
    return words


def decompositions():
    """Words code, first, second (0 when single); bit 31 of code marks a primary composite."""
    words = []
    for code in CODE_POINTS:
        fields = unicode.decomposition(chr(code)).split()
        if not fields or fields[0].startswith("<") or is_later(code):
            continue
        parts = [int(field, 16) for field in fields] + [0]
        composes = len(fields) == 2 and unicode.normalize("NFC", chr(code)) == chr(code)
        words += [code | composes << 31, parts[0], parts[1]]
    return words


def emit(name, comment, words):
    print(f"// {comment}\nconstexpr uint32_t {name}[] = {{")
    line = "   "
    for word in words:
        item = f" 0x{word:x},"
        if len(line) + len(item) > 100:
            print(line)
            line = "   "
        line += item
    print(line + "\n};")


print("// Made by tools/make_unicode_tables.py; do not edit.")
print("// clang-format off")
emit("kClassRanges", "start << 3 | class", ranges(char_class, 3))
emit("kCombiningRanges", "start << 8 | canonical combining class", ranges(combining, 8))
emit("kDecompositions", "code (bit 31: composes), first, second or 0", decompositions())
print("// clang-format on")
