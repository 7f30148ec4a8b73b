"""Makes tests/data/train: training of a tiny BERT by PyTorch and transformers, step by step.

Run in an environment with scripts/requirements/bench.txt:
    python scripts/golden/train_reference.py tests/data/train

model/ is what every variant starts from: random weights, but with biases near zero, so that texts
get vectors of different directions and losses far from those of a blind model. For each
variant, VARIANT.json has the options, the batches of token ids and the values of each step;
VARIANT.safetensors has every fifth element of each parameter's gradient at step 0 (before clipping)
and of each parameter after the last step. float32, one thread, no dropout; each text runs alone, so
nothing is padded. The output is the same on every run with the same versions.
"""

import json
import math
import pathlib
import shutil
import sys

import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import save_file
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

STEPS, WARMUP, PEAK, WEIGHT_DECAY, CLIP_NORM = 20, 4, 1e-3, 0.01, 1.0
BATCH, GROUPS, GROUP_SIZE = 6, 4, 4
SCALE, DIMENSIONS = 20.0, [32, 16]
STUDENT_LAYERS = 2
EXITS = [1, 2, 3]
KEPT_EACH = 5
ROUNDING_NOISE = 1e-6

COMMENT = (
    "AdamW with bias correction; parameters named *.bias or *LayerNorm.weight, and log_scale, have "
    "no weight decay. learning_rate[s] = peak * (s + 1) / warmup for s < warmup, else "
    "peak * (steps - s) / (steps - warmup). grad_norm: L2 norm over all gradients before clipping. "
    "Tensors: gradient/NAME of step 0 before clipping, weight/NAME after all steps; flattened, "
    "every 5th element. Left out are the weights named in `unseen`: a softmax does not change when "
    "they do (biases of attention keys, a listwise score's bias), so their gradient is rounding "
    "noise, which Adam blows up to full steps. ")


class Texts:
    """Random texts of token ids; a right code shares words with its query."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def number(self, low, high):
        return torch.randint(low, high + 1, (1,), generator=self.generator).item()

    def words(self, count):
        return torch.randint(5, 96, (count,), generator=self.generator).tolist()

    def words_like(self, words, count):
        """About half of them out of `words`."""
        return [words[self.number(0, len(words) - 1)] if self.number(0, 1) else word
                for word in self.words(count)]

    def queries_and_codes(self, count):
        queries = [self.words(self.number(2, 18)) for _ in range(count)]
        codes = [self.words_like(query, self.number(2, 18)) for query in queries]
        return {"queries": [framed(words) for words in queries],
                "codes": [framed(words) for words in codes]}

    def pairs(self, count):
        """One query with its right code, then with `count` - 1 wrong ones: ids, types."""
        query = self.words(self.number(1, 9))
        lengths = [self.number(1, 17 - len(query)) for _ in range(count)]
        codes = [self.words_like(query, lengths[0]), *map(self.words, lengths[1:])]
        return ([framed(query) + code + [3] for code in codes],
                [[0] * (len(query) + 2) + [1] * (len(code) + 1) for code in codes])


def framed(words):
    return [2, *words, 3]


def vectors(encoder, texts):
    """Mean-pooled, not normalised. [texts, hidden]"""
    return torch.stack([encoder(torch.tensor([ids])).last_hidden_state[0].mean(0)
                        for ids in texts])


def unit(rows):
    return F.normalize(rows, dim=1)


def info_nce(queries, codes, scale):
    return F.cross_entropy(unit(queries) @ unit(codes).T * scale, torch.arange(len(queries)))


def check_against_sentence_transformers(loss, columns, **options):
    """The same loss by sentence-transformers, of vectors that are not normalised."""
    theirs = MultipleNegativesRankingLoss(None, **options)
    expected = theirs.compute_loss_from_embeddings(columns, None)
    assert abs(loss.item() - expected.item()) < 1e-5, (loss, expected)


def make_model(folder):
    config = transformers.BertConfig(
        vocab_size=96, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=48, max_position_embeddings=24, num_labels=1, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0)
    model = transformers.BertForSequenceClassification(config)
    generator = torch.Generator().manual_seed(17)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith("LayerNorm.weight"):
            parameter.data = 1 + 0.1 * noise
        else:
            parameter.data = (0.05 if name.endswith(".bias") else 0.2) * noise
    model.save_pretrained(folder)


def open_encoder(model, **options):
    return transformers.BertModel.from_pretrained(model, add_pooling_layer=False,
                                                  attn_implementation="eager", **options)


class Dual:
    """One tower, queries to codes."""

    options = dict(pooling="mean", symmetric=False, scale=SCALE, learn_scale=False, negatives=0,
                   dimensions=[32])
    comment = ("loss: mean over queries of cross-entropy over scale * cosine with all the batch's "
               "codes.")

    def __init__(self, model):
        self.encoder = open_encoder(model)

    def parameters(self):
        return dict(self.encoder.named_parameters())

    def batch(self, texts):
        return texts.queries_and_codes(BATCH)

    def step(self, batch):
        queries, codes = (vectors(self.encoder, batch[side]) for side in ("queries", "codes"))
        loss = info_nce(queries, codes, SCALE)
        check_against_sentence_transformers(loss, [queries, codes], scale=SCALE)
        return {"loss": loss}


class DualFull(Dual):
    """Both directions, learnt scale, explicit negatives, Matryoshka dimensions."""

    options = dict(pooling="mean", symmetric=True, scale=SCALE, learn_scale=True, negatives=1,
                   dimensions=DIMENSIONS)
    comment = ("loss: mean over dimensions d, with vectors cut to their first d values and then "
               "normalised, of the mean of two cross-entropies over exp(log_scale) * cosine: "
               "queries to the batch's codes followed by all its negatives, and codes to queries. "
               "log_scale starts at log(scale).")

    def __init__(self, model):
        super().__init__(model)
        self.log_scale = torch.nn.Parameter(torch.tensor(math.log(SCALE)))

    def parameters(self):
        return {**super().parameters(), "log_scale": self.log_scale}

    def batch(self, texts):
        negatives = [[framed(texts.words(texts.number(2, 18)))] for _ in range(BATCH)]
        return {**super().batch(texts), "negatives": negatives}

    def step(self, batch):
        negatives = [text for texts in batch["negatives"] for text in texts]
        columns = [vectors(self.encoder, texts)
                   for texts in (batch["queries"], batch["codes"], negatives)]
        return {"loss": torch.stack([self.loss(columns, d) for d in DIMENSIONS]).mean()}

    def loss(self, columns, dimension):
        queries, codes, negatives = (column[:, :dimension] for column in columns)
        scale = self.log_scale.exp()
        loss = (info_nce(queries, torch.cat([codes, negatives]), scale)
                + info_nce(codes, queries, scale)) / 2
        check_against_sentence_transformers(
            loss, [queries, codes, negatives], scale=scale.item(), partition_mode="per_direction",
            directions=("query_to_doc", "doc_to_query"))
        return loss


class Exits(Dual):
    """Heads after every layer, trained together, the earlier ones also by the last one's scores."""

    options = dict(pooling="mean", symmetric=False, scale=SCALE, learn_scale=False, negatives=0,
                   dimensions=[32], exits=EXITS, self_distill=True)
    comment = ("loss: over exits e of depth d_e, the last being D deep, the sum of d_e / D times "
               "the loss of variant dual there, exits before the last having also d_e / D times "
               "the cross-entropy of their scores' softmax against that of the last exit's scores, "
               "which takes no gradient; mean over queries. Vectors: the head of the mean of the "
               "states, heads being linear layers that start as the identity.")

    def __init__(self, model):
        super().__init__(model)
        self.heads = {e: torch.nn.Linear(32, 32) for e in EXITS}
        for head in self.heads.values():
            torch.nn.init.eye_(head.weight)
            torch.nn.init.zeros_(head.bias)

    def parameters(self):
        heads = {f"exits.{e}.{name}": p for e, head in self.heads.items()
                 for name, p in head.named_parameters()}
        return {**super().parameters(), **heads}

    def states(self, texts):
        """Per text the means of all layers' states."""
        return [[state[0].mean(0) for state in
                 self.encoder(torch.tensor([ids]), output_hidden_states=True).hidden_states]
                for ids in texts]

    def step(self, batch):
        sides = [self.states(batch[side]) for side in ("queries", "codes")]
        scores = {}
        for exit, head in self.heads.items():
            queries, codes = (unit(head(torch.stack([s[exit] for s in side]))) for side in sides)
            scores[exit] = queries @ codes.T * SCALE
        last = max(EXITS)
        targets = scores[last].detach().softmax(1)
        terms = {f"exit_{e}": e / last * F.cross_entropy(s, torch.arange(len(s)))
                 for e, s in scores.items()}
        terms["self_distill"] = sum(e / last * F.cross_entropy(scores[e], targets)
                                    for e in EXITS[:-1])
        return {"loss": sum(terms.values()), **terms}


class Cross:
    """Pairs with labels."""

    options = dict(objective="pairwise")
    comment = "loss: binary cross-entropy of the logit, mean over pairs; label 1 is the right code."

    def __init__(self, model):
        self.model = transformers.BertForSequenceClassification.from_pretrained(
            model, attn_implementation="eager")

    def parameters(self):
        encoder = ("bert.embeddings.", "bert.encoder.")
        return {name.removeprefix("bert.") if name.startswith(encoder) else name: parameter
                for name, parameter in self.model.named_parameters()}

    def scores(self, pairs, types):
        return torch.stack([self.model(torch.tensor([ids]), token_type_ids=torch.tensor([kinds])
                                       ).logits[0, 0] for ids, kinds in zip(pairs, types)])

    def batch(self, texts):
        rows = [texts.pairs(2) for _ in range(BATCH)]
        return {"pairs": [ids for pairs, _ in rows for ids in pairs],
                "types": [kinds for _, types in rows for kinds in types], "labels": [1, 0] * BATCH}

    def step(self, batch):
        scores = self.scores(batch["pairs"], batch["types"])
        labels = torch.tensor(batch["labels"], dtype=torch.float32)
        return {"loss": F.binary_cross_entropy_with_logits(scores, labels)}


class CrossListwise(Cross):
    """Groups of one right code, the first, and several wrong ones."""

    options = dict(objective="listwise")
    comment = ("loss: cross-entropy of the softmax over a group's logits, mean over groups; the "
               "first pair of a group is the right one.")

    def batch(self, texts):
        groups, types = zip(*(texts.pairs(GROUP_SIZE) for _ in range(GROUPS)))
        return {"groups": list(groups), "types": list(types)}

    def step(self, batch):
        scores = torch.stack([self.scores(pairs, types)
                              for pairs, types in zip(batch["groups"], batch["types"])])
        return {"loss": F.cross_entropy(scores, torch.zeros(GROUPS, dtype=torch.long))}


class Distill:
    """The first layers of the query tower learn from the whole of it; the codes stay."""

    options = dict(pooling="mean", teacher_layers=3, student_layers=STUDENT_LAYERS)
    comment = ("The student is the teacher's embeddings and first layers. With unit vectors q_t, "
               "q_s of teacher and student and c of the teacher's codes: dual = mean over all "
               "[B, B] of |c q_t^T - c q_s^T|, single = mean over B of |1 - cos(q_t, q_s)|, loss = "
               "dual + single. Tensors teacher/STEP (q_t) and codes/STEP (c) are whole, [B, 32].")

    def __init__(self, model):
        self.teacher = open_encoder(model)
        self.student = open_encoder(model, num_hidden_layers=STUDENT_LAYERS)
        self.tensors = {}

    def parameters(self):
        return dict(self.student.named_parameters())

    def batch(self, texts):
        return texts.queries_and_codes(BATCH)

    def step(self, batch):
        with torch.no_grad():
            teacher = unit(vectors(self.teacher, batch["queries"]))
            codes = unit(vectors(self.teacher, batch["codes"]))
        step = len(self.tensors) // 2
        self.tensors |= {f"teacher/{step}": teacher, f"codes/{step}": codes}
        student = unit(vectors(self.student, batch["queries"]))
        dual = (codes @ teacher.T - codes @ student.T).abs().mean()
        single = (1 - F.cosine_similarity(teacher, student)).abs().mean()
        return {"loss": dual + single, "dual": dual, "single": single}


VARIANTS = {"dual": Dual, "dual_full": DualFull, "cross": Cross, "cross_listwise": CrossListwise,
            "distill": Distill, "exits": Exits}


def optimizer(parameters):
    bare = {name for name in parameters
            if name.endswith((".bias", "LayerNorm.weight")) or name == "log_scale"}
    return torch.optim.AdamW(
        [{"params": [p for n, p in parameters.items() if n not in bare],
          "weight_decay": WEIGHT_DECAY},
         {"params": [p for n, p in parameters.items() if n in bare], "weight_decay": 0.0}],
        lr=PEAK, betas=(0.9, 0.999), eps=1e-8)


def learning_rate(step):
    if step < WARMUP:
        return PEAK * (step + 1) / WARMUP
    return PEAK * (STEPS - step) / (STEPS - WARMUP)


def kept(kind, parameters):
    return {f"{kind}/{name}": values.detach().flatten()[::KEPT_EACH].clone()
            for name, values in parameters.items()}


def train(variant, batches):
    """The values of each step, the tensors to keep, and the names of parameters without effect."""
    parameters = variant.parameters()
    adam = optimizer(parameters)
    values, tensors, unseen = {}, {}, []
    for step, batch in enumerate(batches):
        for group in adam.param_groups:
            group["lr"] = learning_rate(step)
        adam.zero_grad()
        terms = variant.step(batch)
        terms["loss"].backward()
        if step == 0:
            tensors |= kept("gradient", {n: p.grad for n, p in parameters.items()})
            unseen = [n for n, p in parameters.items() if p.grad.abs().max() < ROUNDING_NOISE]
        terms["grad_norm"] = torch.nn.utils.clip_grad_norm_(parameters.values(), CLIP_NORM)
        terms["learning_rate"] = torch.tensor(learning_rate(step), dtype=torch.float64)
        adam.step()
        for name, value in terms.items():
            values.setdefault(name, []).append(value.item())
    tensors |= kept("weight", {n: p for n, p in parameters.items() if n not in unseen})
    return values, tensors | getattr(variant, "tensors", {}), unseen


def write_json(path, document):
    """One line per entry, and per batch."""
    batches = ",\n ".join(json.dumps(batch, separators=(",", ":")) for batch in document["batches"])
    entries = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in document.items()
               if key != "batches"]
    entries.append(f'"batches": [\n {batches}\n]')
    path.write_text("{\n" + ",\n".join(entries) + "\n}\n")


def main():
    out = pathlib.Path(sys.argv[1])
    model = out / "model"
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    shutil.rmtree(out, ignore_errors=True)
    make_model(model)
    common = dict(steps=STEPS, warmup_steps=WARMUP, peak_learning_rate=PEAK,
                  weight_decay=WEIGHT_DECAY, betas=[0.9, 0.999], epsilon=1e-8,
                  clip_norm=CLIP_NORM)
    for seed, (name, kind) in enumerate(VARIANTS.items()):
        variant, texts = kind(model), Texts(seed)
        batches = [variant.batch(texts) for _ in range(STEPS)]
        values, tensors, unseen = train(variant, batches)
        write_json(out / f"{name}.json",
                   {"comment": COMMENT + kind.comment, "model": model.name,
                    "options": common | kind.options, "unseen": unseen, **values,
                    "batches": batches})
        save_file(tensors, out / f"{name}.safetensors", metadata={"format": "pt"})
        print(f"{name}: loss {values['loss'][0]:.4f} to {values['loss'][-1]:.4f}, gradient norm "
              f"{values['grad_norm'][0]:.3f}")


if __name__ == "__main__":
    main()
