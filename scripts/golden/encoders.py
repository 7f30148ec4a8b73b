"""Makes tests/data/model: tiny model folders with random weights, and what transformers computes
for them and for the real models, in float64, stored as float32.

Run in an environment with scripts/requirements/bench.txt:
    python scripts/golden/encoders.py MODELS tests/data/model
MODELS holds all-MiniLM-L6-v2 and all-mpnet-base-v2. The output is the same on every run with the
same versions, on any CPU with AVX2 (without it, torch draws other random weights); the tests allow
for what float32 rounds (tests/rounding.h).
"""

import copy
import json
import pathlib
import shutil
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder, SentenceTransformer

from float64 import Float64, rounded

TEXTS = [
    "read a json file",
    "",
    "def add(a, b):\n    return a + b\n",
    "Größe naïve café — 東京 🙂 Ωμέγα e\u0301 \u200b zero\u200dwidth",
    "How do I sort a dictionary by value in python and keep only the first ten entries?",
    "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n"
    "        self.items.append(item)\n\n    def pop(self):\n        return self.items.pop()\n",
    "x",
    "for i in range(%d): total += values[i] * weights[i]  # weighted sum\n" * 40,  # beyond 512 tokens
]
PAIRS = [
    ("read a json file", "def load(path):\n    with open(path) as f:\n        return json.load(f)"),
    ("read a json file", "def area(r):\n    return 3.14159 * r * r"),
    ("sort a list", "sorted(xs) # " + "and a long tail of words " * 150),
    ("größte Zahl finden", "max(zahlen)"),
]
PROMPTS = {"query": "Represent this query for searching relevant code: ", "document": "code:\n"}
TOKENS_KEPT = 3
DIMENSIONS_KEPT = 32


def sampled(states, length):
    """Of all layers' states, three tokens and every n-th dimension."""
    stacked = torch.stack([state[0] for state in states])  # [layers + 1, length, H]
    rows = torch.tensor([0, length // 2, length - 1])
    return stacked[:, rows][:, :, :: stacked.shape[2] // DIMENSIONS_KEPT].contiguous()


def embed(states, pooling):
    last = states[-1][0]
    vector = last.mean(0) if pooling == "mean" else last[0]
    return torch.nn.functional.normalize(vector, dim=0)


def real_model(models, name, out):
    folder = models / name
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager")
    model = model.double().eval()
    tensors = {}
    for i, text in enumerate(TEXTS):
        ids = tokenizer(text, truncation=True, max_length=512, return_tensors="pt")["input_ids"]
        with Float64():
            states = model(ids, output_hidden_states=True).hidden_states
        tensors[f"{i}.ids"] = ids[0].int()
        tensors[f"{i}.hidden"] = sampled(states, ids.shape[1])
        tensors[f"{i}.embedding"] = embed(states, "mean")
    save_file(rounded(tensors), out / f"{name}.safetensors")


def real_cross_encoder(models, out):
    """MiniLM's weights under a random head. The head alone is stored."""
    folder = models / "all-MiniLM-L6-v2"
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(11)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=1, attn_implementation="eager").eval()
    head = {"classifier.weight": torch.randn(1, 384), "classifier.bias": torch.randn(1)}
    model.classifier.weight.data = head["classifier.weight"]
    model.classifier.bias.data = head["classifier.bias"]
    save_file(head, out / "minilm-head.safetensors", metadata={"format": "pt"})
    model.double()
    tensors = {}
    for i, pair in enumerate(PAIRS):
        inputs = tokenizer(*pair, truncation=True, max_length=256, return_tensors="pt")
        tensors[f"{i}.ids"] = inputs["input_ids"][0].int()
        tensors[f"{i}.types"] = inputs["token_type_ids"][0].int()
        with Float64():
            tensors[f"{i}.score"] = model(**inputs).logits[0]
    check_against_sentence_transformers(model, tokenizer, tensors)
    save_file(rounded(tensors), out / "minilm-cross.safetensors")


def check_against_sentence_transformers(model, tokenizer, tensors):
    """The scores stored are also those of sentence-transformers' CrossEncoder."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        encoder = CrossEncoder(folder, max_length=256, device="cpu")
        scores = encoder.predict(PAIRS, activation_fn=torch.nn.Identity(), convert_to_tensor=True)
    stored = torch.cat([tensors[f"{i}.score"] for i in range(len(PAIRS))])
    difference = (scores - stored).abs().max().item()
    print(f"CrossEncoder: {len(PAIRS)} pairs, largest difference {difference:.1e}")
    assert difference < 1e-5, difference


def prefixed(models, out):
    """MiniLM's vectors of the texts as queries and as documents, with prompts, by
    sentence-transformers. 64 tokens: the prompt takes room from a long text."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(models / "all-MiniLM-L6-v2", folder, dirs_exist_ok=True)
        pathlib.Path(folder, "config_sentence_transformers.json").write_text(
            json.dumps({"prompts": PROMPTS, "default_prompt_name": None}))
        model = SentenceTransformer(folder, device="cpu").double()
    model.max_seq_length = 64
    with Float64():
        query = model.encode_query(TEXTS, convert_to_tensor=True)
        document = model.encode_document(TEXTS, convert_to_tensor=True)
    assert query.dtype == document.dtype == torch.float64
    save_file(rounded({"query": query, "document": document}),
              out / "minilm-prefixed.safetensors")
    (out / "prompts.json").write_text(json.dumps({"prompts": PROMPTS}, indent=1) + "\n")


def tiny_config(kind):
    common = dict(vocab_size=96, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
                  intermediate_size=48, initializer_range=0.3, num_labels=1)
    if kind == "bert":
        return transformers.BertConfig(max_position_embeddings=24, hidden_act="gelu_new", **common)
    if kind == "roberta":
        return transformers.RobertaConfig(max_position_embeddings=26, type_vocab_size=1,
                                          layer_norm_eps=1e-5, **common)
    return transformers.MPNetConfig(max_position_embeddings=26, layer_norm_eps=1e-5, **common)


def randomise(model, seed):
    """Every parameter, the norms' too: a constant would hide a swap."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        noise = torch.randn(parameter.shape, generator=generator) * 0.3
        parameter.data = noise + 1 if parameter.dim() == 1 else noise


def tiny_inputs(kind):
    """Random ids of lengths 1 to all positions, some equal; a padding token inside a text."""
    generator = torch.Generator().manual_seed(5)
    inputs = [torch.randint(2, 96, (1, n), generator=generator) for n in (1, 7, 7, 3, 24, 12)]
    inputs[5][0, 4] = 0 if kind == "bert" else 1
    return inputs


def tiny_model(kind, seed, out):
    torch.manual_seed(seed)
    model = transformers.AutoModelForSequenceClassification.from_config(
        tiny_config(kind), attn_implementation="eager").eval()
    randomise(model, seed)
    folder = out / f"tiny-{kind}"
    model.save_pretrained(folder)
    exact = copy.deepcopy(model).double()
    tensors = {}
    for i, ids in enumerate(tiny_inputs(kind)):
        with Float64():
            result = exact(ids, attention_mask=torch.ones_like(ids), output_hidden_states=True)
        tensors[f"{i}.ids"] = ids[0].int()
        tensors[f"{i}.hidden"] = sampled(result.hidden_states, ids.shape[1])
        tensors[f"{i}.cls"] = embed(result.hidden_states, "cls")
        tensors[f"{i}.mean"] = embed(result.hidden_states, "mean")
        tensors[f"{i}.score"] = result.logits[0]
    save_file(rounded(tensors), out / f"tiny-{kind}.safetensors")
    return model


def other_forms(model, out):
    """The tiny RoBERTa as half-precision and as sharded files."""
    for name, dtype in (("float16", torch.float16), ("bfloat16", torch.bfloat16)):
        folder = out / f"tiny-roberta-{name}"
        folder.mkdir()
        shutil.copy(out / "tiny-roberta" / "config.json", folder)
        weights = load_file(out / "tiny-roberta" / "model.safetensors")
        save_file({k: v.to(dtype) for k, v in weights.items()}, folder / "model.safetensors",
                  metadata={"format": "pt"})
    model.save_pretrained(out / "tiny-roberta-sharded", max_shard_size="40KB")


EXITS = (1, 3, 4)
HEAD_DIMENSION = 16


def starcoder2_config(**changes):
    """Models of it are made with sdpa attention: the eager softmax is float32 whatever they are."""
    fields = dict(vocab_size=96, hidden_size=32, num_hidden_layers=4, num_attention_heads=4,
                  num_key_value_heads=2, intermediate_size=48, max_position_embeddings=64,
                  rope_parameters={"rope_type": "default", "rope_theta": 1000.0})
    return transformers.Starcoder2Config(**(fields | changes))


def starcoder2_inputs():
    generator = torch.Generator().manual_seed(6)
    return [torch.randint(0, 96, (1, n), generator=generator) for n in (1, 7, 7, 3, 64, 24)]


def encode_with_starcoder2(model, ids):
    """Without the causal mask: a mask of four dimensions is taken as it is. The states of all
    layers, of which transformers normalises the last, and those that the layers themselves give."""
    raw = []
    hooks = [layer.register_forward_hook(lambda module, inputs, state: raw.append(state))
             for layer in model.layers]
    everything = torch.zeros(1, 1, ids.shape[1], ids.shape[1], dtype=torch.float64)
    with Float64():
        result = model(ids, attention_mask=everything, output_hidden_states=True, use_cache=False)
    for hook in hooks:
        hook.remove()
    return result.hidden_states, raw


def random_exit_heads(hidden_size, layers):
    """The norms' parameters are not of ModularStarEncoder: a stack normalises its last state."""
    generator = torch.Generator().manual_seed(8)
    heads = {}
    for exit in EXITS:
        shapes = {"weight": (HEAD_DIMENSION, hidden_size), "bias": (HEAD_DIMENSION,)}
        if exit < layers:
            shapes |= {"norm.weight": (hidden_size,), "norm.bias": (hidden_size,)}
        for name, shape in shapes.items():
            heads[f"exits.{exit}.{name}"] = torch.randn(shape, generator=generator)
    return heads


def vector_at(exit, heads, raw, states, eps):
    """Norm, mean, projection, and length 1."""
    state = states[-1][0]
    if exit < len(raw):
        state = torch.nn.functional.layer_norm(
            raw[exit - 1][0], state.shape[-1:], heads[f"exits.{exit}.norm.weight"],
            heads[f"exits.{exit}.norm.bias"], eps)
    vector = heads[f"exits.{exit}.weight"] @ state.mean(0) + heads[f"exits.{exit}.bias"]
    return torch.nn.functional.normalize(vector, dim=0)


def gradients(model, ids):
    """Of the sum of the last state under fixed weights, for parameters of every kind."""
    weights = torch.randn(ids.shape[1], model.config.hidden_size,
                          generator=torch.Generator().manual_seed(9))
    with torch.inference_mode(False), torch.enable_grad():
        model.zero_grad()
        states, _ = encode_with_starcoder2(model, ids.clone())
        exact = weights.double()
        with Float64():
            (states[-1][0] * exact).sum().backward()
    parameters = dict(model.named_parameters())
    names = ["embed_tokens.weight", "layers.0.input_layernorm.weight",
             "layers.0.self_attn.k_proj.weight", "layers.3.mlp.c_fc.weight", "norm.bias"]
    return {f"gradient.{name}": parameters[name].grad for name in names} | {
        "gradient_weights": weights}


def tiny_starcoder2(out):
    """As a causal language model's file, whose names begin with "model."; with exit heads."""
    config = starcoder2_config()
    with torch.inference_mode(False):
        whole = transformers.Starcoder2ForCausalLM._from_config(
            config, attn_implementation="sdpa").eval()
        randomise(whole, 3)
    folder = out / "tiny-starcoder2"
    whole.save_pretrained(folder)
    (folder / "generation_config.json").unlink()
    heads = random_exit_heads(config.hidden_size, config.num_hidden_layers)
    save_file(heads, folder / "exits.safetensors", metadata={"format": "pt"})
    with torch.inference_mode(False):
        model = whole.double().model
    heads = {name: tensor.double() for name, tensor in heads.items()}
    tensors = gradients(model, starcoder2_inputs()[5])
    for i, ids in enumerate(starcoder2_inputs()):
        states, raw = encode_with_starcoder2(model, ids)
        tensors[f"{i}.ids"] = ids[0].int()
        tensors[f"{i}.hidden"] = sampled(states, ids.shape[1])
        for exit in EXITS:
            tensors[f"{i}.exit{exit}"] = vector_at(exit, heads, raw, states, config.norm_epsilon)
    save_file(rounded(tensors), out / "tiny-starcoder2.safetensors")


def sharded_starcoder2(out):
    """Multi-query attention, no biases, in shards."""
    model = transformers.Starcoder2Model._from_config(
        starcoder2_config(num_key_value_heads=1, use_bias=False, num_hidden_layers=3,
                          sliding_window=5),
        attn_implementation="sdpa").eval()
    randomise(model, 4)
    model.save_pretrained(out / "tiny-starcoder2-sharded", max_shard_size="40KB")
    model.double()
    tensors = {}
    for i, ids in enumerate(starcoder2_inputs()):
        states, _ = encode_with_starcoder2(model, ids)
        tensors[f"{i}.ids"] = ids[0].int()
        tensors[f"{i}.hidden"] = sampled(states, ids.shape[1])
    save_file(rounded(tensors), out / "tiny-starcoder2-sharded.safetensors")


@torch.inference_mode()
def main():
    models, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    torch.set_num_threads(1)
    (out / "texts.json").write_text(
        json.dumps({"texts": TEXTS, "pairs": PAIRS}, ensure_ascii=True, indent=1) + "\n")
    for name in ("all-MiniLM-L6-v2", "all-mpnet-base-v2"):
        real_model(models, name, out)
    real_cross_encoder(models, out)
    prefixed(models, out)
    for seed, kind in enumerate(("bert", "roberta", "mpnet")):
        model = tiny_model(kind, seed, out)
        if kind == "roberta":
            other_forms(model, out)
    tiny_starcoder2(out)
    sharded_starcoder2(out)


if __name__ == "__main__":
    main()
