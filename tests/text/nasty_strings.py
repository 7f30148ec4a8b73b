"""Strings that tokenizers disagree about: some written by hand, most made from a fixed seed."""

import random

BY_HAND = [
    "", " ", "  ", "\n", "\t\t", "\r\n", "\x00", "\ufffd", "\ufeff", "\u200b", "a", "'", "''", "'s",
    "don't I'LL 've's we're 'M", "a\x00b", "a\x0bb\x0cc\x85d\xa0e", "İstanbul ıŞIK", "ΑΣ ΣΑΣ ς",
    "ǅ ǈ ß ẞ ﬁ ﬃ", "e\u0301\u0323 e\u0323\u0301", "\u0301abc", "a\u0344b", "각 각 ㄱㅏㄱ 한국어",
    "漢字かな交じり文abc漢", "\uf900\U0002f800x", "\u302a\u302e\u302fx", "\u1bab\u1baax", "Å Å Å",
    "१२३ ١٢٣ ½ Ⅷ ⑩ ²³ 𝟘𝟙", "👩‍👩‍👧‍👦 🇩🇪🇫🇷 ❤️ ✊🏿", "a\u200db\u200cc\u2060d\u00ade", "\u202eabc\u202c",
    "[MASK]", "[mask] [ MASK ] [[MASK]] [MASK][SEP] x[CLS]y", "  [MASK]  ", "\n<mask>\t<mask>\u00a0x",
    "<s></s> <S> < s > <pad><unk> <UNK>", "<|endoftext|> <|ENDOFTEXT|><|endoftext|", "##ing a##b # #",
    "x" * 100, "x" * 101, "é" * 100, "é" * 101, "漢" * 300, "a" * 5000, "1" * 5000, " " * 3000,
    "\u0301" * 400, "a" + "\u0301" * 400, "ab" * 2000, "_" * 1000, "é" * 3000, "\U00010400" * 200,
    b"\xff", b"\xc3", b"a\xc3", b"\xc3(", b"\xe2\x82", b"\xe2\x82\xe2\x82\xac", b"\xf0\x9f\x92",
    b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\x80\x80abc\xfe",
    b"\xef\xbf\xbd\xff", b"caf\xe9 cr\xe8me", b"\xf0\x80\x80\x80", b"x\xe0\x80\x80y", b"[MASK\xff]",
]  # fmt: skip

SPECIAL = [
    "[MASK]", "[SEP]", "[CLS]", "[PAD]", "[UNK]", "<s>", "</s>", "<mask>", "<pad>", "<unk>",
    "<|endoftext|>", "<fim_prefix>", "[new]", "[NEW]", "newword", "NewWord", "##s", "\u2581",
]  # fmt: skip
SPACES = " \t\n\r\x0b\x0c\x1c\x1f\x85\xa0\u1680\u2000\u2009\u2028\u2029\u202f\u205f\u3000\u200b\u180e"
ODD_LETTERS = "aAzZİıßẞΣςσǅŉΐﬁÅΩé\u00c5\u0130ԱაᲐꭰẛſKÅøŁđ" + "\U00010400\U0001e900\U00016e40"
SCRIPTS = [
    (0x20, 0x7F), (0xA0, 0x24F), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700), (0x900, 0xE00),
    (0x1100, 0x1200), (0x1AB0, 0x1B00), (0x1DC0, 0x1E00), (0x2000, 0x2070), (0x20D0, 0x2100),
    (0x3000, 0x3100), (0x4E00, 0x5000), (0xAC00, 0xAD00), (0xF900, 0xFB00), (0xFE00, 0xFFFE),
    (0x10400, 0x10450), (0x1D160, 0x1D200), (0x1F300, 0x1F700), (0x20000, 0x20100),
    (0x2F800, 0x2FA20), (0xE0000, 0xE0200),
]  # fmt: skip


def _any_code_point(random_):
    while True:
        plane_end = random_.choice([0x80, 0x800, 0x3000, 0x10000, 0x20000, 0x110000])
        c = random_.randrange(plane_end)
        if not 0xD800 <= c < 0xE000:
            return chr(c)


def _all_planes(random_, _):
    return "".join(_any_code_point(random_) for _ in range(random_.randrange(1, 60)))


def _scripts(random_, _):
    pieces = []
    for _ in range(random_.randrange(1, 12)):
        first, end = random_.choice(SCRIPTS)
        pieces.append("".join(chr(random_.randrange(first, end)) for _ in range(random_.randrange(1, 9))))
    return random_.choice(["", " ", "'"]).join(pieces)


def _combining(random_, _):
    marks = [(0x300, 0x370), (0x591, 0x5C8), (0x64B, 0x660), (0x302A, 0x3030), (0x1D165, 0x1D173),
             (0x1BAA, 0x1BAC), (0xFE20, 0xFE30), (0x1E000, 0x1E02B)]  # fmt: skip
    text = ""
    for _ in range(random_.randrange(1, 10)):
        text += random_.choice(ODD_LETTERS + " .")
        for _ in range(random_.randrange(6)):
            text += chr(random_.randrange(*random_.choice(marks)))
    return text


def _spaces(random_, _):
    words = ["a", "I'm", "1", "漢", ".", "é", "x's", "", "12", "!?"]
    return "".join(
        random_.choice(words) + "".join(random_.choices(SPACES, k=random_.randrange(4)))
        for _ in range(random_.randrange(1, 15))
    )


def _controls(random_, _):
    return "".join(
        random_.choice([chr(random_.randrange(0xA0)), "ab", "9", chr(random_.randrange(0x2000, 0x2070))])
        for _ in range(random_.randrange(1, 30))
    )


def _special_tokens(random_, _):
    between = ["", " ", "  ", "x", "\n", "é", "_", ".", "\u00a0", "\u0301", "1", "[", "<"]
    return "".join(
        random_.choice(between) + random_.choice(SPECIAL) for _ in range(random_.randrange(1, 8))
    ) + random_.choice(between)


def _invalid_utf8(random_, codes):
    data = bytearray(random_.choice([_scripts(random_, codes), "def f(x): pass"]).encode())
    for _ in range(random_.randrange(1, 6)):
        at = random_.randrange(len(data) + 1)
        if random_.random() < 0.5 and data:
            del data[at : at + random_.randrange(3)]
        else:
            data[at:at] = bytes(random_.randrange(0x80, 0x100) for _ in range(random_.randrange(1, 4)))
    return bytes(data)


def _long_words(random_, _):
    unit = random_.choice(["a", "ab", "é", "漢", "1", "_", "aB", "\u0301", "xé", "\U00010400", "'", "="])
    return (unit * random_.randrange(1, 700))[: random_.randrange(90, 1200)]


def _numbers(random_, _):
    digits = "0123456789١٢३४５６½Ⅷ²①𝟘"
    return "".join(random_.choice(digits + " a.,'") for _ in range(random_.randrange(1, 40)))


def _mutated_code(random_, codes):
    code = random_.choice(codes)[:400]
    for _ in range(random_.randrange(1, 8)):
        at = random_.randrange(len(code) + 1)
        code = code[:at] + random_.choice([_any_code_point(random_), "'", " ", "\n\n", "\t"]) + code[at:]
    return code


def nasty_strings(codes, per_kind=260):
    """At least 2,000 strings; some are bytes that are not UTF-8."""
    random_ = random.Random(20240607)
    kinds = [
        _all_planes, _scripts, _combining, _spaces, _controls, _special_tokens, _invalid_utf8,
        _long_words, _numbers, _mutated_code,
    ]  # fmt: skip
    made = BY_HAND + [kind(random_, codes) for kind in kinds for _ in range(per_kind)]
    assert len(made) >= 2000
    return made


def code_points(one_in=1, per_string=96):
    """Code points alone, between letters, after a space and among their neighbours: all of them, or
    beyond U+3000 one group of neighbours in so many."""
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    for start in range(0, len(points), per_string):
        if start >= 0x3000 and start // per_string % one_in != 0:
            continue
        group = points[start : start + per_string]
        yield " ".join(group)
        yield " ".join(f"a{point}b" for point in group)
        yield "".join(f"1{point}'s {point}" for point in group)
        yield "".join(group)
