"""The model folders the comparison runs on: those of real models, and ones trained here.

Each function writes or finds a folder and returns (folder, reference tokenizer). The vocabularies
trained here are of Python's own standard library: real code that is always there.
"""

import json
import shutil
import sysconfig
from pathlib import Path

from tokenizers import (
    AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers,
)  # fmt: skip

GPT2_PATTERN = (
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
)


def standard_library(limit=80):
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    assert len(files) >= 50, "Python's standard library is not here as source"
    return [file.read_text(encoding="utf-8", errors="replace") for file in files[:limit]]


def save(tokenizer, folder):
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder, Tokenizer.from_file(str(folder / "tokenizer.json"))


def real(name):
    def load(models_folder, _):
        folder = models_folder / name
        return folder, Tokenizer.from_file(str(folder / "tokenizer.json"))

    return load


def without_tokenizer_json(name):
    """The real model's vocab.txt and configs; the reference still is its tokenizer.json."""

    def load(models_folder, scratch):
        folder, tokenizer = real(name)(models_folder, scratch)
        bare = scratch / name
        bare.mkdir()
        for file in ["vocab.txt", "tokenizer_config.json", "special_tokens_map.json"]:
            shutil.copy(folder / file, bare)
        return bare, tokenizer

    return load


def wordpiece_variant(clean, cjk, accents, lowercase):
    """MiniLM's vocabulary under other options, with added tokens of every kind."""

    def load(models_folder, scratch):
        _, tokenizer = real("all-MiniLM-L6-v2")(models_folder, scratch)
        tokenizer.normalizer = normalizers.BertNormalizer(clean, cjk, accents, lowercase)
        tokenizer.add_tokens(
            [
                AddedToken("[NEW]", normalized=True, lstrip=True),
                AddedToken("newword", normalized=False, single_word=True),
                AddedToken("NewWord", normalized=True, single_word=True, rstrip=True),
                AddedToken("\u2581", normalized=False, lstrip=True, rstrip=True),
                AddedToken("def ", normalized=False),
            ]
        )
        tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", 102), ("[CLS]", 101))
        return save(tokenizer, scratch / "wordpiece")

    return load


def trained_bpe(tokenizer, special, vocabulary=4000):
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(standard_library(), trainer)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


ROBERTA_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def trained_roberta(prefix_space):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    trained_bpe(tokenizer, ROBERTA_SPECIAL)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False, special=True)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), add_prefix_space=prefix_space
    )
    return tokenizer


def roberta(prefix_space):
    def load(_, scratch):
        return save(trained_roberta(prefix_space), scratch / "roberta")

    return load


def roberta_files(_, scratch):
    """vocab.json and merges.txt alone, as the models of 2020 have them."""
    tokenizer = trained_roberta(False)
    folder = scratch / "roberta-files"
    folder.mkdir()
    tokenizer.model.save(str(folder))
    config = {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder, tokenizer


def starcoder(_, scratch):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trained_bpe(tokenizer, ["<|endoftext|>", "<fim_prefix>", "<fim_middle>", "<fim_suffix>"])
    tokenizer.add_tokens(
        [
            AddedToken("newword", single_word=True),
            AddedToken("[NEW]", rstrip=True),
            AddedToken("  ", normalized=False),
        ]
    )
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    return save(tokenizer, scratch / "starcoder")


def split_bpe(_, scratch):
    """GPT-2's pattern in a Split, whole words first, two specials in front, unknown bytes fused."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.Split(Regex(GPT2_PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False),
        ]
    )
    trained_bpe(tokenizer, ROBERTA_SPECIAL)
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(),
            processors.TemplateProcessing(
                single="<s> <s> $A </s>",
                pair="<s> $A:2 </s>:1 $B:0 <pad>:3",
                special_tokens=[(token, i) for i, token in enumerate(ROBERTA_SPECIAL)],
            ),
        ]
    )
    folder, _ = save(tokenizer, scratch / "split")
    path = folder / "tokenizer.json"
    written = json.loads(path.read_text(encoding="utf-8"))
    # Four bytes become unknown: the letters q and Q, the byte 0xE2 and the escape character.
    for missing in ["q", "Q", "\u00e2", "\u013d"]:
        vocabulary, merges = written["model"]["vocab"], written["model"]["merges"]
        for token in [token for token in vocabulary if missing in token]:
            token_id = vocabulary.pop(token)
            vocabulary[f"\u3000unused{token_id}"] = token_id
        written["model"]["merges"] = [pair for pair in merges if not any(missing in t for t in pair)]
    path.write_text(json.dumps(written), encoding="utf-8")
    return folder, Tokenizer.from_file(str(path))


CASES = {
    "minilm": real("all-MiniLM-L6-v2"),
    "mpnet": real("all-mpnet-base-v2"),
    "minilm_vocab_txt": without_tokenizer_json("all-MiniLM-L6-v2"),
    "wordpiece_cased": wordpiece_variant(True, True, None, False),
    "wordpiece_accents": wordpiece_variant(False, False, True, False),
    "wordpiece_lower": wordpiece_variant(False, True, False, True),
    "roberta": roberta(False),
    "roberta_prefix_space": roberta(True),
    "roberta_files": roberta_files,
    "starcoder": starcoder,
    "split_bpe": split_bpe,
}
