#!/usr/bin/env python3
"""Writes src/text/unicode_tables.inc: what Hugging Face `tokenizers` thinks of every code point.

Every library carries its own version of Unicode, so the tables are not made from the standard: each
code point is shown to `tokenizers` itself, and what it does is written down.

    python scripts/make_unicode_tables.py > src/text/unicode_tables.inc
"""

import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

FLAGS = [
    "dropped",  # BertNormalizer(clean_text) removes it
    "blank",  # BertNormalizer(clean_text) makes it a space
    "cjk",  # BertNormalizer(handle_chinese_chars) sets it apart
    "mark",  # BertNormalizer(strip_accents) removes it
    "combining",  # has a canonical combining class other than 0
    "white",  # white space to the pre-tokenizers
    "punctuation",  # BertPreTokenizer sets it apart
    "numeric",  # the Digits pre-tokenizer sets it apart
    "letter",  # \p{L} of a Split or ByteLevel pattern
    "number",  # \p{N} of the same
    "space",  # \s of the same
    "word",  # \w beside an added token with single_word
    "changed",  # its decomposition or its lower case differs from it
]
HANGUL = range(0xAC00, 0xD7A4)  # decomposed by arithmetic, as the standard says


def code_points():
    return (c for c in range(0x110000) if not 0xD800 <= c < 0xE000)


def splits(pre_tokenizer, text):
    return [piece for piece, _ in pre_tokenizer.pre_tokenize_str(text)]


def added_token_probe():
    """A tokenizer that shows which characters an added token counts as a part of a word."""
    probe = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    probe.add_tokens([AddedToken("<x>", single_word=True, normalized=False)])
    return lambda char: 1 not in probe.encode("<x>" + char).ids


def combining_order(nfd):
    """Orders combining marks by class; the classes are told apart by how NFD sorts two marks."""
    by_class = {}
    for c in code_points():
        value = unicodedata.combining(chr(c))
        if value and nfd(chr(c)) == chr(c):
            by_class.setdefault(value, chr(c))
    references = [by_class[value] for value in sorted(by_class)]

    def swaps(first, second):
        return nfd("a" + first + second) == "a" + second + first

    def order(char):
        """0 for a starter, else 1 + 2 * (references below) + (1 if equal to none)."""
        if not swaps(char, references[0]) and not swaps(references[-1], char):
            return 0
        below = sum(swaps(char, reference) for reference in references)
        equal = below < len(references) and not swaps(references[below], char)
        return 1 + 2 * below + (not equal)

    return order


def collect():
    nfd = normalizers.NFD().normalize_str
    lower = normalizers.Lowercase().normalize_str
    strip = normalizers.BertNormalizer(False, False, True, False).normalize_str
    clean = normalizers.BertNormalizer(True, False, False, False).normalize_str
    cjk = normalizers.BertNormalizer(False, True, False, False).normalize_str
    bert = pre_tokenizers.BertPreTokenizer()
    digits = pre_tokenizers.Digits(individual_digits=True)
    patterns = {
        name: pre_tokenizers.Split(Regex(pattern), "isolated")
        for name, pattern in [("letter", r"\p{L}"), ("number", r"\p{N}"), ("space", r"\s")]
    }
    in_word = added_token_probe()
    order = combining_order(nfd)

    flags, decomposed, lowered, orders = {}, {}, {}, {}
    for c in code_points():
        char = chr(c)
        cleaned, between = clean(char), splits(bert, "a" + char + "a")
        found = {
            "dropped": cleaned == "",
            "blank": cleaned == " ",
            "cjk": cjk(char) == f" {char} ",
            "mark": strip(char) == "" and nfd(char) == char,
            "white": between == ["a", "a"],
            "punctuation": between == ["a", char, "a"],
            "numeric": splits(digits, "a" + char) == ["a", char],
            "word": in_word(char),
        }
        assert cleaned in ("", " ", char), hex(c)
        assert between in (["a", "a"], ["a", char, "a"], ["a" + char + "a"]), hex(c)
        for name, pattern in patterns.items():
            found[name] = splits(pattern, "a\u0378" + char)[-1] == char
        if c not in HANGUL and nfd(char) != char:
            decomposed[c] = [ord(part) for part in nfd(char)]
        if lower(char) != char:
            lowered[c] = [ord(part) for part in lower(char)]
        if nfd(char) == char and (place := order(char)):
            found["combining"] = True
            if not found["mark"]:
                orders[c] = place
        found["changed"] = c in HANGUL or c in decomposed or c in lowered
        flags[c] = sum(1 << bit for bit, name in enumerate(FLAGS) if found.get(name))
    check_hangul(nfd)
    return flags, decomposed, lowered, orders


def check_hangul(nfd):
    for c in HANGUL:
        index = c - HANGUL.start
        parts = [0x1100 + index // 588, 0x1161 + index % 588 // 28]
        if index % 28:
            parts.append(0x11A7 + index % 28)
        assert nfd(chr(c)) == "".join(map(chr, parts)), hex(c)


def write_array(out, declaration, values, form="{:#x}"):
    out.write(f"{declaration} = {{\n")
    line = " "
    for value in values:
        text = " " + form.format(value) + ","
        if len(line) + len(text) > 100:
            out.write(line + "\n")
            line = " "
        line += text
    out.write(line + "\n};\n")


def write_map(out, name, mapping):
    """Keys in one array; for each, where its code points start in a second one."""
    keys, starts, values = [], [], []
    for key in sorted(mapping):
        keys.append(key)
        starts.append(len(values))
        values += mapping[key]
    starts.append(len(values))
    write_array(out, f"constexpr char32_t k{name}Keys[]", keys)
    write_array(out, f"constexpr std::uint16_t k{name}Starts[]", starts, "{}")
    write_array(out, f"constexpr char32_t k{name}Values[]", values)


def write(out):
    flags, decomposed, lowered, orders = collect()
    classes = sorted(set(flags.values()))
    ranges, previous = [], None
    for c in range(0x110000):
        # Surrogates are never seen; they go with what stands before them.
        current = classes.index(flags[c]) if c in flags else previous
        if current != previous:
            ranges.append(c << 8 | current)
            previous = current
    out.write(
        "// How Hugging Face `tokenizers` treats each code point.\n"
        f"// Written by scripts/make_unicode_tables.py with tokenizers {tokenizers.__version__}; "
        "do not edit.\n"
    )
    for bit, name in enumerate(FLAGS):
        out.write(f"constexpr std::uint16_t k{name.capitalize()} = {1 << bit:#x};\n")
    out.write("// The sets of flags there are.\n")
    write_array(out, "constexpr std::uint16_t kClasses[]", classes)
    out.write("// First code point << 8 | class, for each range of one class.\n")
    write_array(out, "constexpr std::uint32_t kRanges[]", ranges)
    out.write("// Full canonical decompositions, Hangul syllables left out.\n")
    write_map(out, "Decomposed", decomposed)
    out.write("// Lower case, where it differs.\n")
    write_map(out, "Lowered", lowered)
    out.write("// Canonical order among combining characters that are no marks to BertNormalizer.\n")
    write_array(out, "constexpr char32_t kOrderKeys[]", sorted(orders))
    write_array(out, "constexpr std::uint8_t kOrderValues[]", [orders[c] for c in sorted(orders)], "{}")


if __name__ == "__main__":
    write(sys.stdout)
