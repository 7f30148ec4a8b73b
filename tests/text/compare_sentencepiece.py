#!/usr/bin/env python3
"""Compares spencer's reading of sentencepiece models with the Python package of sentencepiece.

    compare_sentencepiece.py CASE --program tokenize_lines [--thorough]

The models are trained here, on Python's own standard library and some of the nasty strings. Texts
that unigram models can cut in several ways of the same score are cut as Hugging Face's `Unigram`
does it, in double precision; the package rounds to float, and its choice among them depends on its
version. The ids and special tokens of each family of models are written down here once more, after
Hugging Face `transformers`.
"""

import argparse
import io
import json
import random
import sys
import tempfile
from pathlib import Path

import sentencepiece
from tokenizers import AddedToken, Tokenizer, models, processors

from compare_tokenizers import SHARE, as_text, cosqa_texts
from nasty_strings import code_points, nasty_strings
from reference_tokenizers import standard_library
from tokenize_client import Client


def train(**options):
    texts = standard_library(12)
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    lines += [as_text(text) for text in nasty_strings(texts)[::20]]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(line[:400].replace("\n", " ").replace("\0", " ") for line in lines),
        model_writer=model,
        vocab_size=4000,
        character_coverage=0.995,
        minloglevel=2,
        num_threads=2,
        hard_vocab_limit=False,
        **options,
    )
    return model.getvalue()


class Family:
    """Ids and special tokens of one kind of model; `shift` maps the package's ids."""

    def __init__(self, tokenizer_class, file, options, config=None):
        self.tokenizer_class, self.file, self.options = tokenizer_class, file, options
        self.config = config or {}

    def shift(self, piece_id):
        return piece_id

    def around(self, ids):
        return ids


class T5(Family):
    def around(self, ids):
        return ids + [1]


class Llama(Family):
    def around(self, ids):
        return [1] + ids


class XlmRoberta(Family):
    def shift(self, piece_id):
        return {0: 3, 1: 0, 2: 2}.get(piece_id, piece_id + 1)

    def around(self, ids):
        return [0] + ids + [2]


class Camembert(Family):
    def shift(self, piece_id):
        return 3 if piece_id == 0 else piece_id + 4

    def around(self, ids):
        return [5] + ids + [6]


CASES = {
    "t5": T5("T5Tokenizer", "spiece.model", {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}),
    "llama": Llama(
        "LlamaTokenizer",
        "tokenizer.model",
        {
            "model_type": "bpe",
            "byte_fallback": True,
            "normalization_rule_name": "identity",
            "remove_extra_whitespaces": False,
            "split_digits": True,
        },
    ),
    "xlm_roberta": XlmRoberta("XLMRobertaTokenizer", "sentencepiece.bpe.model", {}),
    "camembert": Camembert(
        "CamembertTokenizer", "sentencepiece.bpe.model", {"normalization_rule_name": "nmt_nfkc_cf"}
    ),
}
# Special tokens of any of the families: the package reads these as text.
SPECIAL = ["<s>", "</s>", "<pad>", "<unk>", "<mask>", "<extra_id", "NOTUSED"]


class Reference:
    """The package's ids; for unigram models, Hugging Face's cut of the text it normalised."""

    def __init__(self, package, model_type):
        self.package, self.ties, self.unigram = package, 0, None
        self.scores = [package.get_score(i) for i in range(package.get_piece_size())]
        if model_type == "unigram":
            # Control pieces stand for no text; normalised text has no spaces, so neither do these.
            pieces = [
                (f"control piece {i}" if package.is_control(i) else package.id_to_piece(i), score)
                for i, score in enumerate(self.scores)
            ]
            self.unigram = models.Unigram(pieces, package.unk_id(), False)

    def __call__(self, text):
        ids = self.package.encode(text)
        normalized = "".join(self.package.encode(text, out_type=str))
        if self.unigram is None or not normalized:
            return ids
        cut = [token.id for token in self.unigram.tokenize(normalized)]
        if cut != ids:
            if self.package.unk_id() not in cut:  # an unknown piece does not say how long it is
                totals = [sum(self.scores[i] for i in path) for path in (cut, ids)]
                assert abs(totals[0] - totals[1]) <= 1e-5 * abs(totals[0]), (text, cut, ids)
            self.ties += 1
        return cut


def write_tokenizer_json(folder, package):
    """The same XLM-RoBERTa model with the vocabulary in a tokenizer.json."""
    scored = [(package.id_to_piece(i), package.get_score(i)) for i in range(package.get_piece_size())]
    special = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(special + scored[3:] + [("<mask>", 0.0)], 3, False))
    tokenizer.add_special_tokens([AddedToken(token) for token, _ in special])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    tokenizer.save(str(folder / "tokenizer.json"))


def plain(texts):
    return [text for text in texts if not any(token in as_text(text) for token in SPECIAL)]


def report(what, texts, ours, expected):
    assert len(texts) == len(ours) == len(expected) > 0
    wrong = [i for i in range(len(texts)) if ours[i] != expected[i]]
    for i in wrong[:10]:
        print(f"{what}\n  text {texts[i]!r:.600}\n  got  {ours[i]!r:.600}\n  not  {expected[i]!r:.600}")
    return len(texts), len(wrong)


def run(case, program, one_in):
    family = CASES[case]
    codes, queries = cosqa_texts()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        model = train(**family.options)
        (folder / family.file).write_bytes(model)
        config = {"tokenizer_class": family.tokenizer_class}
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
        client = Client(program, folder)
        reference = sentencepiece.SentencePieceProcessor(model_proto=model)

        cut = Reference(reference, family.options.get("model_type", "unigram"))

        def ids_of(text):
            return [family.shift(piece) for piece in cut(as_text(text))]

        texts = plain(queries + codes[::one_in] + nasty_strings(codes)) + list(code_points(one_in))
        counts = [report("ids", texts, client.ids(texts), [ids_of(text) for text in texts])]
        some = random.Random(5).sample(texts, 200)
        whole = [family.around(ids_of(text)) for text in some]
        ours = [ids for ids, _ in client.encode(some, 1 << 30)]
        counts.append(report("with special tokens", some, ours, whole))
        # The unknown token is a special one, and is left out like the others.
        kept = [[i for i in cut(as_text(text)) if i != reference.unk_id()] for text in some]
        decoded = [reference.decode(ids) for ids in kept]
        counts.append(report("decode", some, client.decode(whole), decoded))
        counts.append(check_special_tokens(case, client, ids_of))
        if case == "xlm_roberta":
            write_tokenizer_json(folder, reference)
            ours = [ids for ids, _ in client.encode(some, 1 << 30)]
            counts.append(report("with tokenizer.json", some, ours, whole))
    print(f"{cut.ties} of the texts have cuts of equal score")
    compared, different = (sum(column) for column in zip(*counts))
    print(f"{case}: {compared} compared, {different} different")
    return 1 if different else 0


def check_special_tokens(case, client, ids_of):
    """Special tokens in the text stand for themselves, and part the text around them."""
    token, token_id = {
        "t5": ("</s>", 1), "llama": ("<s>", None), "xlm_roberta": ("<pad>", 1),
        "camembert": ("<pad>", 1),
    }[case]  # fmt: skip
    if token_id is None:  # without a list of special tokens, Llama's text has none
        expected = ids_of(f"a{token}b")
    else:
        expected = ids_of("a") + [token_id] + ids_of("b")
    text = f"a{token}b"
    return report("special token", [text], client.ids([text]), [expected])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=sorted(CASES))
    parser.add_argument("--program", required=True, help="the tokenize_lines program of the build")
    parser.add_argument("--thorough", action="store_true", help="every code and every code point")
    arguments = parser.parse_args()
    return run(arguments.case, arguments.program, 1 if arguments.thorough else SHARE)


if __name__ == "__main__":
    sys.exit(main())
