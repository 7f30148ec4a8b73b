"""Makes tests/data/train: training of tiny encoders by PyTorch and transformers, step by step.

Run in an environment with scripts/requirements/bench.txt:
    python scripts/golden/train_reference.py tests/data/train

model/ is what every variant but the pre-training ones starts from: random weights, but with biases
near zero, so that texts get vectors of different directions and losses far from those of a blind
model. Pre-training starts from masked_lm/ (BERT) and mose/ (StarCoder-2's block). For each
variant, VARIANT.json has the options, the batches of token ids and the values of each step;
VARIANT.safetensors has every fifth element of each parameter's gradient at step 0 (before clipping)
and of each parameter after the last step. float64 throughout, from float32 weights, and stored as
float32; no dropout; each text runs alone, so nothing is padded. The output is the same on every run
with the same versions, on any CPU with AVX2 (without it, torch draws other random weights).
"""

import json
import math
import pathlib
import shutil
import sys

import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import load_file, save_file
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

from float64 import Float64, rounded

STEPS, WARMUP, PEAK, WEIGHT_DECAY, CLIP_NORM = 20, 4, 1e-3, 0.01, 1.0
BATCH, GROUPS, GROUP_SIZE = 6, 4, 4
SCALE, DIMENSIONS = 20.0, [32, 16]
STUDENT_LAYERS = 2
EXITS = [1, 2, 3]
MASK_ID, MASKED_SHARE = 4, 0.15
MLM_WEIGHT, ICC_WEIGHT = 1.0, 0.5
KEPT_EACH = 5
ROUNDING_NOISE = 1e-12

COMMENT = (
    "AdamW with bias correction; biases, weights of norms and log_scale have no weight decay. "
    "learning_rate[s] = peak * (s + 1) / warmup for s < warmup, else "
    "peak * (steps - s) / (steps - warmup). grad_norm: L2 norm over all gradients before clipping. "
    "Tensors: gradient/NAME of step 0 before clipping, weight/NAME after all steps; flattened, "
    "every 5th element. Left out are the parameters named in `unseen`: a softmax does not change "
    "when they do (biases of attention keys, a listwise score's bias), so their gradient is "
    "rounding noise, which Adam blows up to full steps. ")


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


def as_stored(values):
    """float64 values as float32 holds them."""
    return torch.from_numpy(values.numpy().astype("float32").astype("float64"))


def unit(rows):
    return F.normalize(rows, dim=1)


def info_nce(queries, codes, scale):
    return F.cross_entropy(unit(queries) @ unit(codes).T * scale, torch.arange(len(queries)))


def check_against_sentence_transformers(loss, columns, **options):
    """The same loss by sentence-transformers, of vectors that are not normalised."""
    theirs = MultipleNegativesRankingLoss(None, **options)
    expected = theirs.compute_loss_from_embeddings(columns, None)
    assert abs(loss.item() - expected.item()) < 1e-12, (loss, expected)


def make_model(folder):
    model = transformers.BertForSequenceClassification(bert_config(num_labels=1))
    randomise(model.named_parameters(), 17)
    model.save_pretrained(folder)


def bert_config(**more):
    return transformers.BertConfig(
        vocab_size=96, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=48, max_position_embeddings=24, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, **more)


def is_norm(name):
    return name.lower().endswith("norm.weight")


def randomise(parameters, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in parameters:
        noise = torch.randn(parameter.shape, generator=generator)
        if is_norm(name):
            parameter.data = 1 + 0.1 * noise
        elif name.endswith((".scale", ".threshold")):
            parameter.data = parameter.data + 0.1 * noise
        else:
            parameter.data = (0.05 if name.endswith(".bias") else 0.2) * noise


def save_heads(folder, modules, seed):
    """Heads that transformers has no place for, by their names in pretraining.safetensors."""
    parameters = {f"{name}.{part}": parameter for name, module in modules.items()
                  for part, parameter in module.named_parameters()}
    randomise(parameters.items(), seed)
    save_file({name: p.detach().clone() for name, p in parameters.items()},
              folder / "pretraining.safetensors", metadata={"format": "pt"})


class InContextHead(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1, 32))
        self.scale = torch.nn.Parameter(torch.tensor([10.0]))
        self.threshold = torch.nn.Parameter(torch.tensor([0.5]))

    def forward(self, first, second):
        """One input's words, [words, 32] of each snippet."""
        cosines = unit(first) @ unit(second).T
        shares = [(words @ self.weight[0]).softmax(0) for words in (first, second)]
        alike = (shares[0] @ cosines.amax(1) + shares[1] @ cosines.amax(0)) / 2
        return self.scale[0] * (alike - self.threshold[0])


def in_context_heads():
    return {f"icc.{e}": InContextHead() for e in EXITS}


def make_masked_lm(folder):
    model = transformers.BertForMaskedLM(bert_config())
    randomise(model.named_parameters(), 18)
    model.save_pretrained(folder)
    save_heads(folder, in_context_heads(), 19)


def make_mose(folder):
    model = transformers.Starcoder2Model(transformers.Starcoder2Config(
        vocab_size=96, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, intermediate_size=48, max_position_embeddings=24,
        rope_parameters={"rope_type": "default", "rope_theta": 1000.0}))
    randomise(model.named_parameters(), 20)
    model.save_pretrained(folder)
    save_heads(folder, in_context_heads() | {"lm_head": StarCoderLmHead(model.config)}, 21)


class StarCoderLmHead(torch.nn.Module):
    """RobertaLMHead with StarCoder-2's activation and epsilon, the decoder tied."""

    def __init__(self, config):
        super().__init__()
        self.dense = torch.nn.Linear(config.hidden_size, config.hidden_size)
        self.layer_norm = torch.nn.LayerNorm(config.hidden_size, eps=config.norm_epsilon)
        self.bias = torch.nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, states, embeddings):
        hidden = self.layer_norm(F.gelu(self.dense(states), approximate="tanh"))
        return hidden @ embeddings.T + self.bias


def open_encoder(model, **options):
    return transformers.BertModel.from_pretrained(
        model, add_pooling_layer=False, attn_implementation="eager", **options).double()


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
        self.log_scale = torch.nn.Parameter(torch.tensor(math.log(SCALE)).double())

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
        self.heads = {e: torch.nn.Linear(32, 32).double() for e in EXITS}
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
            model, attn_implementation="eager").double()

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
        labels = torch.tensor(batch["labels"], dtype=torch.float64)
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


class Pretrain:
    """Masked language modelling and in-context classification at three exits of a BERT."""

    start = "masked_lm"
    options = dict(exits=EXITS, mlm_weight=MLM_WEIGHT, icc_weight=ICC_WEIGHT)
    comment = ("loss: over exits e of depth d_e, the last being D deep, the sum of d_e / D times "
               "(mlm_weight * mlm + icc_weight * icc). mlm: cross-entropy of the words at "
               "`positions`, mean over those of the whole batch; the head is one for all exits. "
               "icc: binary cross-entropy of scale * ((s(a, b) + s(b, a)) / 2 - threshold), mean "
               "over inputs; label 1 is the same repository; s(a, b) = sum over i of "
               "softmax_i(weight . a_i) times the largest cos(a_i, b_j). a and b: the exit's head, "
               "which starts as the identity, of the states of the first and of the second text's "
               "tokens (`first`, `second`: from, to), special tokens left out. No weight decay of "
               "scale and threshold either.")

    def __init__(self, folder):
        self.open(folder)
        self.icc = in_context_heads()
        saved = load_file(folder / "pretraining.safetensors")
        for name, head in self.icc.items():
            head.load_state_dict({part: saved[f"{name}.{part}"] for part in head.state_dict()})
            head.double()
        self.heads = {f"exits.{e}": torch.nn.Linear(32, 32).double() for e in EXITS}
        for head in self.heads.values():
            torch.nn.init.eye_(head.weight)
            torch.nn.init.zeros_(head.bias)

    def open(self, folder):
        self.masked_lm = transformers.BertForMaskedLM.from_pretrained(
            folder, attn_implementation="eager").double()

    def parameters(self):
        encoder = {name.removeprefix("bert."): p for name, p in self.masked_lm.named_parameters()}
        return encoder | self.head_parameters()

    def head_parameters(self):
        return {f"{name}.{part}": p for name, head in (self.icc | self.heads).items()
                for part, p in head.named_parameters()}

    def batch(self, texts):
        rows = {"inputs": [], "types": [], "first": [], "second": [], "positions": [],
                "targets": [], "labels": []}
        for label in [1, 0] * (BATCH // 2):
            (ids,), (types,) = texts.pairs(1)
            words = [i for i, word in enumerate(ids) if word > MASK_ID]
            count = max(1, round(MASKED_SHARE * len(words)))
            positions = sorted(words[i] for i in
                               torch.randperm(len(words), generator=texts.generator)[:count])
            rows["targets"].append([ids[i] for i in positions])
            for i in positions:
                ids[i] = MASK_ID
            middle = types.index(1)
            for name, value in (("inputs", ids), ("types", types), ("first", [1, middle - 1]),
                                ("second", [middle, len(ids) - 1]), ("positions", positions),
                                ("labels", label)):
                rows[name].append(value)
        return rows

    def states(self, ids, types):
        """Per exit the states that its head reads, [tokens, hidden]."""
        states = self.masked_lm.bert(torch.tensor([ids]), token_type_ids=torch.tensor([types]),
                                     output_hidden_states=True).hidden_states
        return [states[e][0] for e in EXITS]

    def words(self, states):
        return self.masked_lm.cls(states)

    def check_against_transformers(self, batch, loss):
        """The last exit's loss, by transformers' own."""
        total = 0
        for ids, types, positions, targets in zip(batch["inputs"], batch["types"],
                                                  batch["positions"], batch["targets"]):
            labels = torch.full((1, len(ids)), -100)
            labels[0, positions] = torch.tensor(targets)
            total += len(targets) * self.masked_lm(
                torch.tensor([ids]), token_type_ids=torch.tensor([types]), labels=labels).loss
        expected = total / sum(map(len, batch["targets"]))
        assert abs(loss.item() - expected.item()) < 1e-12, (loss, expected)

    def step(self, batch):
        states = [self.states(*row) for row in zip(batch["inputs"], batch["types"])]
        targets = torch.tensor([word for words in batch["targets"] for word in words])
        labels = torch.tensor(batch["labels"], dtype=torch.float64)
        terms = {}
        for i, e in enumerate(EXITS):
            masked = torch.cat([s[i][p] for s, p in zip(states, batch["positions"])])
            mlm = F.cross_entropy(self.words(masked), targets)
            if e == EXITS[-1]:
                self.check_against_transformers(batch, mlm)
            words = [[self.heads[f"exits.{e}"](s[i][slice(*batch[text][row])])
                      for text in ("first", "second")] for row, s in enumerate(states)]
            icc = F.binary_cross_entropy_with_logits(
                torch.stack([self.icc[f"icc.{e}"](*pair) for pair in words]), labels)
            terms[f"exit_{e}_mlm"] = e / EXITS[-1] * MLM_WEIGHT * mlm
            terms[f"exit_{e}_icc"] = e / EXITS[-1] * ICC_WEIGHT * icc
        return {"loss": sum(terms.values()), **terms}


class PretrainMose(Pretrain):
    """The same of StarCoder-2's block with attention in both directions, and norms at the exits."""

    start = "mose"
    comment = (Pretrain.comment + " States before the last layer's are normalised by their exit, "
               "for both.")

    def open(self, folder):
        self.encoder = transformers.Starcoder2Model.from_pretrained(
            folder, attn_implementation="sdpa").double()
        self.raw = []
        for layer in self.encoder.layers:
            layer.register_forward_hook(lambda module, inputs, state: self.raw.append(state))
        self.norms = {f"exits.{e}.norm": torch.nn.LayerNorm(
            32, eps=self.encoder.config.norm_epsilon).double() for e in EXITS[:-1]}
        self.lm_head = StarCoderLmHead(self.encoder.config)
        saved = load_file(folder / "pretraining.safetensors")
        self.lm_head.load_state_dict({name.removeprefix("lm_head."): tensor for name, tensor
                                      in saved.items() if name.startswith("lm_head.")})
        self.lm_head.double()

    def parameters(self):
        norms = {f"{name}.{part}": p for name, norm in self.norms.items()
                 for part, p in norm.named_parameters()}
        head = {f"lm_head.{name}": p for name, p in self.lm_head.named_parameters()}
        return dict(self.encoder.named_parameters()) | norms | head | self.head_parameters()

    def states(self, ids, types):
        self.raw.clear()
        everything = torch.zeros(1, 1, len(ids), len(ids), dtype=torch.float64)  # not causal
        last = self.encoder(torch.tensor([ids]), attention_mask=everything, use_cache=False)
        return [self.norms[f"exits.{e}.norm"](self.raw[e - 1][0]) for e in EXITS[:-1]] + [
            last.last_hidden_state[0]]

    def words(self, states):
        return self.lm_head(states, self.encoder.embed_tokens.weight)

    def check_against_transformers(self, batch, loss):
        """It has no masked language model of this family."""


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
            teacher, codes = (as_stored(unit(vectors(self.teacher, batch[side])))
                              for side in ("queries", "codes"))
        step = len(self.tensors) // 2
        self.tensors |= {f"teacher/{step}": teacher, f"codes/{step}": codes}
        student = unit(vectors(self.student, batch["queries"]))
        dual = (codes @ teacher.T - codes @ student.T).abs().mean()
        single = (1 - F.cosine_similarity(teacher, student)).abs().mean()
        return {"loss": dual + single, "dual": dual, "single": single}


VARIANTS = {"dual": Dual, "dual_full": DualFull, "cross": Cross, "cross_listwise": CrossListwise,
            "distill": Distill, "exits": Exits, "pretrain": Pretrain, "pretrain_mose": PretrainMose}


def optimizer(parameters):
    bare = {name for name in parameters
            if name.endswith((".bias", ".scale", ".threshold")) or is_norm(name)
            or name == "log_scale"}
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
            unseen = [n for n, p in parameters.items() if p.grad.abs().max() < ROUNDING_NOISE]
            tensors |= kept("gradient",
                            {n: p.grad for n, p in parameters.items() if n not in unseen})
        terms["grad_norm"] = torch.nn.utils.clip_grad_norm_(parameters.values(), CLIP_NORM)
        terms["learning_rate"] = torch.tensor(learning_rate(step), dtype=torch.float64)
        adam.step()
        for name, value in terms.items():
            values.setdefault(name, []).append(float(f"{value.item():.9g}"))
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
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    shutil.rmtree(out, ignore_errors=True)
    make_model(out / "model")
    make_masked_lm(out / "masked_lm")
    make_mose(out / "mose")
    common = dict(steps=STEPS, warmup_steps=WARMUP, peak_learning_rate=PEAK,
                  weight_decay=WEIGHT_DECAY, betas=[0.9, 0.999], epsilon=1e-8,
                  clip_norm=CLIP_NORM)
    for seed, (name, kind) in enumerate(VARIANTS.items()):
        model = out / getattr(kind, "start", "model")
        variant, texts = kind(model), Texts(seed)
        batches = [variant.batch(texts) for _ in range(STEPS)]
        with Float64():
            values, tensors, unseen = train(variant, batches)
        write_json(out / f"{name}.json",
                   {"comment": COMMENT + kind.comment, "model": model.name,
                    "options": common | kind.options, "unseen": unseen, **values,
                    "batches": batches})
        save_file(rounded(tensors), out / f"{name}.safetensors", metadata={"format": "pt"})
        print(f"{name}: loss {values['loss'][0]:.4f} to {values['loss'][-1]:.4f}, gradient norm "
              f"{values['grad_norm'][0]:.3f}")


if __name__ == "__main__":
    main()
