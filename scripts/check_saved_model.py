#!/usr/bin/env python3
"""Whether a model folder that spencer wrote gives the same numbers in the libraries of the field.

Usage: check_saved_model.py MODEL TEXTS --programs BUILD/tests/model [--length 256]
           [--tolerance 1e-4]

TEXTS is a folder; each of its files is a text. An encoder's vectors are compared with those of
sentence-transformers' SentenceTransformer and of transformers' AutoModel with the pooling done
here; a classifier's scores, of each text's first line with the text itself and with the next one,
with CrossEncoder and AutoModelForSequenceClassification. All in float32. Exits 1 if a number
differs by more than the tolerance. Makes its own environment (scripts/requirements/bench.txt) on
the first run.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from bench_encoders import enter_environment


def read_texts(folder):
    files = sorted(file for file in folder.iterdir() if file.is_file())
    texts = [text for file in files if (text := file.read_text(errors="replace")).strip()]
    if not texts:
        raise SystemExit(f"check_saved_model.py: no text in {folder}")
    return texts


def run_program(args, name, inputs, commands=""):
    """The float32 numbers that encode_lines or score_lines computes."""
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        data, out = pathlib.Path(folder, "inputs.json"), pathlib.Path(folder, "numbers")
        data.write_text(json.dumps(inputs))
        subprocess.run([args.programs / name, args.model, "float32", "1", str(args.length), data,
                        out], input=commands, text=True, stdout=subprocess.DEVNULL, check=True)
        return np.fromfile(out, np.float32)


def sentence_transformers_vectors(args, texts):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(args.model), device="cpu")
    model.max_seq_length = args.length
    return model.encode(texts, show_progress_bar=False)


def tokenized(args, *texts):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    return tokenizer(*texts, truncation=True, max_length=args.length, padding=True,
                     return_tensors="pt")


def transformers_vectors(args, texts):
    import torch
    from transformers import AutoModel

    inputs = tokenized(args, texts)
    pooling = args.model / "1_Pooling" / "config.json"
    by_class = pooling.exists() and json.loads(pooling.read_text()).get("pooling_mode_cls_token")
    with torch.inference_mode():
        states = AutoModel.from_pretrained(args.model).eval()(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1)
        vectors = states[:, 0] if by_class else (states * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(vectors, dim=1).numpy()


def cross_encoder_scores(args, pairs):
    import torch
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(args.model), max_length=args.length, device="cpu")
    return model.predict(pairs, activation_fn=torch.nn.Identity(), show_progress_bar=False)


def transformers_scores(args, pairs):
    import torch
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(args.model).eval()
    with torch.inference_mode():
        return model(**tokenized(args, *map(list, zip(*pairs)))).logits[:, 0].numpy()


def is_classifier(model):
    architectures = json.loads((model / "config.json").read_text()).get("architectures") or [""]
    return architectures[0].endswith("ForSequenceClassification")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("texts", type=pathlib.Path)
    parser.add_argument("--programs", type=pathlib.Path, required=True,
                        help="the folder with encode_lines and score_lines")
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    args = parser.parse_args()
    enter_environment()

    texts = read_texts(args.texts)
    if is_classifier(args.model):
        firsts = [text.strip().split("\n")[0] for text in texts]
        inputs = [*zip(firsts, texts), *zip(firsts, texts[1:])]
        ours = run_program(args, "score_lines", inputs)
        references = {"CrossEncoder": cross_encoder_scores, "transformers": transformers_scores}
    else:
        inputs = texts
        ours = run_program(args, "encode_lines", inputs, "all\n").reshape(len(inputs), -1)
        references = {"SentenceTransformer": sentence_transformers_vectors,
                      "transformers": transformers_vectors}
    worst = 0
    for name, reference in references.items():
        difference = abs(reference(args, inputs) - ours).max()
        worst = max(worst, difference)
        print(f"{name}: {len(inputs)} inputs, largest difference {difference:.1e}")
    sys.exit(not worst <= args.tolerance)


if __name__ == "__main__":
    main()
