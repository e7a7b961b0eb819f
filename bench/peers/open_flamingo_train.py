"""Training steps of open_flamingo 2.0.1 and of flamingo in turns: one model, the same weights, pictures and text.

    python3 bench/peers/open_flamingo_train.py FLAMINGO_BENCH [--shape small] [--type bf16] [--rounds 5] [--threads 2]

A step, on both sides: a batch of interleaved sequences and one of captioned pictures, each from pixels through the frozen
vision transformer, resampler, gated layers and LM to the loss on all text tokens, and backward; gradients clipped to a
norm of 1; AdamW over resampler, gated layers and the two added tokens. The peer's side is its own train_one_epoch, Flamingo
and FlamingoLMMixin over LlamaForCausalLM (sdpa attention) and CLIPVisionModel of transformers. Changed in it: autocast is
torch's for the CPU (its own is CUDA's, and off here), the resampler has the shape's depth and latents, and the model is not
wrapped in DistributedDataParallel. With tied embeddings the peer computes the gradient of the whole vocabulary, masks it
and steps all of it; --freeze-embeddings spares it that (and it then trains no token at all). Rows are full, so that neither
side pads; with --padded the peer gets the interleaved batch as its data.py makes it of such rows, filled up to 256 tokens
and 6 pictures (ours are filled up to the longest row of a batch).

FLOP are those of the work itself, by one formula for both sides (gflop below): causal attention counts the pairs that are
seen, frozen parts count the gradient of their input, trained ones that of their weights too.
"""
import argparse
import importlib.machinery
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import types

import torch
from safetensors.torch import save_file

# open_flamingo imports these and the step needs neither.
for name in ("open_clip", "wandb"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__spec__ = importlib.machinery.ModuleSpec(name, None)

from open_flamingo.src.flamingo import Flamingo  # noqa: E402
from open_flamingo.src.flamingo_lm import FlamingoLMMixin  # noqa: E402
from open_flamingo.src.helpers import PerceiverResampler  # noqa: E402
from open_flamingo.src.utils import extend_instance  # noqa: E402
from open_flamingo.train import train_utils  # noqa: E402
from transformers import CLIPVisionConfig, CLIPVisionModel, LlamaConfig, LlamaForCausalLM  # noqa: E402

HEADS, HEAD_DIM = 8, 64  # of open_flamingo's own layers
PAD, PADDED_TOKENS, PADDED_PICTURES = 0, 256, 6  # of open_flamingo's data.py (but for the id)
SHAPES = {
    "tiny": {"lm": {"vocab": 2048, "dim": 128, "num_layers": 4, "num_heads": 4, "num_kv_heads": 2, "head_dim": 32,
                    "ffw_dim": 384},
             "vit": {"image_size": 32, "patch_size": 8, "width": 64, "layers": 2, "heads": 2, "mlp_width": 256},
             "depth": 2, "latents": 8, "every": 2, "interleaved": (8, 96, 4), "captioned": (8, 32, 1)},
    # SmolLM2-135M, gated layers, pictures and latents as in recipes/pictogram/flamingo.json.
    "small": {"lm": {"vocab": 49152, "dim": 576, "num_layers": 30, "num_heads": 9, "num_kv_heads": 3, "head_dim": 64,
                     "ffw_dim": 1536},
              "vit": {"image_size": 64, "patch_size": 16, "width": 512, "layers": 4, "heads": 8, "mlp_width": 2048},
              "depth": 2, "latents": 8, "every": 6, "interleaved": (24, 120, 5), "captioned": (24, 32, 1)},
}
LOSS_FACTORS = {"interleaved": 1.0, "captioned": 0.2}  # as open_flamingo's README trains


def flamingo_config(shape):
    """The model as our config.json says it."""
    lm, vit = shape["lm"], shape["vit"]
    return {
        "vision": {"clip_vit": {**vit, "embed_dim": 0, "activation": "quick_gelu", "output": "patches"}},
        "resampler": {"dim": vit["width"], "width": vit["width"], "depth": shape["depth"], "heads": HEADS,
                      "head_dim": HEAD_DIM, "num_latents": shape["latents"], "num_frames": 0, "activation": "gelu"},
        "xattn": {"first": shape["every"] - 1, "every": shape["every"], "num_heads": HEADS, "head_dim": HEAD_DIM,
                  "ffw_dim": 4 * lm["dim"], "activation": "gelu", "norm_media": False},
        "lm": {**lm, "additional_vocab": 2},
        "tokens": {"additional": ["<|endofchunk|>", "<image>"], "image": "<image>", "end_of_chunk": "<|endofchunk|>"},
        "transform": {"size": vit["image_size"]},
    }


def gflop(shape):
    """Of one step, in products of matrices."""
    lm, vit = shape["lm"], shape["vit"]
    dim, inner, width = lm["dim"], HEADS * HEAD_DIM, vit["width"]
    queries = lm["num_heads"] * lm["head_dim"]
    block = dim * (2 * queries + 2 * lm["num_kv_heads"] * lm["head_dim"] + 3 * lm["ffw_dim"])
    gated = lm["num_layers"] // shape["every"]
    patches = (vit["image_size"] // vit["patch_size"]) ** 2
    latents, total = shape["latents"], 0
    for name in LOSS_FACTORS:
        batch, length, media = shape[name]
        tokens, pictures, texts = batch * length, batch * media, batch * (length - media)
        seen = batch * length * (length + 1) / 2
        frozen = lm["num_layers"] * (tokens * block + 2 * seen * queries) + texts * dim * lm["vocab"]
        to_media = tokens * (2 * dim * inner + 8 * dim * dim + 2 * latents * inner)
        trained = gated * (to_media + pictures * latents * 2 * width * inner)
        keys = patches + latents
        trained += shape["depth"] * pictures * (width * inner * (2 * latents + 2 * keys) + 2 * latents * keys * inner
                                                + latents * 8 * width * width)
        layer = (patches + 1) * width * (4 * width + 2 * vit["mlp_width"]) + 2 * (patches + 1) ** 2 * width
        encoder = pictures * (vit["layers"] * layer + patches * 3 * vit["patch_size"] ** 2 * width)
        # An attention's two products have two gradients each, like a weight's product that is trained.
        attention = lm["num_layers"] * 2 * seen * queries
        total += 2 * (2 * frozen + attention + 3 * trained + encoder)
    return total / 1e9


def make_peer(shape, freeze_embeddings):
    """open_flamingo's factory without its downloads: random weights, gates that are open."""
    lm, vit = shape["lm"], shape["vit"]
    torch.manual_seed(0)
    language = LlamaForCausalLM(LlamaConfig(
        vocab_size=lm["vocab"], hidden_size=lm["dim"], num_hidden_layers=lm["num_layers"], rms_norm_eps=1e-5,
        num_attention_heads=lm["num_heads"], num_key_value_heads=lm["num_kv_heads"], head_dim=lm["head_dim"],
        intermediate_size=lm["ffw_dim"], max_position_embeddings=2048, rope_theta=10000.0, tie_word_embeddings=True,
        attn_implementation="sdpa"))
    pictures = CLIPVisionModel(CLIPVisionConfig(
        image_size=vit["image_size"], patch_size=vit["patch_size"], hidden_size=vit["width"],
        num_hidden_layers=vit["layers"], num_attention_heads=vit["heads"], intermediate_size=vit["mlp_width"],
        hidden_act="quick_gelu", attn_implementation="sdpa"))
    extend_instance(language, FlamingoLMMixin)
    language.set_decoder_layers_attr_name("model.layers")
    language.resize_token_embeddings(lm["vocab"] + 2, mean_resizing=False)

    class Visual(torch.nn.Module):
        """What open_clip's tower gives with output_tokens: (pooled, patches)."""

        def __init__(self):
            super().__init__()
            self.clip = pictures

        def forward(self, x):
            return None, self.clip(x).last_hidden_state[:, 1:]

    model = Flamingo(types.SimpleNamespace(visual=Visual()), language, lm["vocab"], lm["vocab"] + 1,
                     vis_dim=vit["width"], cross_attn_every_n_layers=shape["every"])
    model.perceiver = PerceiverResampler(dim=vit["width"], depth=shape["depth"], num_latents=shape["latents"])
    model.requires_grad_(False)
    model.perceiver.requires_grad_(True)
    model.lang_encoder.gated_cross_attn_layers.requires_grad_(True)
    model.lang_encoder.get_input_embeddings().requires_grad_(not freeze_embeddings)
    with torch.no_grad():
        for layer in model.lang_encoder.gated_cross_attn_layers:
            if layer is not None:
                layer.attn_gate.fill_(0.5)
                layer.ff_gate.fill_(0.5)
    return model


def our_weights(model, shape):
    """The peer's weights under our names."""
    weights, state = {}, {name: value.detach().clone() for name, value in model.state_dict().items()}

    def put(name, *sources):
        weights[name] = torch.cat([state[source] for source in sources])

    def put_affine(name, source):
        put(name + ".weight", source + ".weight")
        put(name + ".bias", source + ".bias")

    clip = "vision_encoder.clip.vision_model."
    put("vision_encoder.class_embedding", clip + "embeddings.class_embedding")
    put("vision_encoder.position_embedding", clip + "embeddings.position_embedding.weight")
    put("vision_encoder.patch_embedding", clip + "embeddings.patch_embedding.weight")
    put_affine("vision_encoder.norm_pre", clip + "pre_layrnorm")
    put_affine("vision_encoder.norm_post", clip + "post_layernorm")
    for i in range(shape["vit"]["layers"]):
        ours, theirs = f"vision_encoder.layers.{i}.", f"{clip}encoder.layers.{i}."
        for kind in ("weight", "bias"):
            put(ours + "attention.in_proj." + kind, *(f"{theirs}self_attn.{p}_proj.{kind}" for p in "qkv"))
        put_affine(ours + "attention.out_proj", theirs + "self_attn.out_proj")
        put_affine(ours + "norm_1", theirs + "layer_norm1")
        put_affine(ours + "norm_2", theirs + "layer_norm2")
        put_affine(ours + "mlp.up_proj", theirs + "mlp.fc1")
        put_affine(ours + "mlp.down_proj", theirs + "mlp.fc2")

    def put_ffw(name, norm, source):
        put_affine(norm, source + ".0")
        put(name + ".up_proj.weight", source + ".1.weight")
        put(name + ".down_proj.weight", source + ".3.weight")

    put("resampler.latents", "perceiver.latents")
    put_affine("resampler.norm", "perceiver.norm")
    for i in range(shape["depth"]):
        ours, theirs = f"resampler.layers.{i}.", f"perceiver.layers.{i}."
        for part in ("norm_media", "norm_latents"):
            put_affine(ours + "attention." + part, theirs + "0." + part)
        for part in ("to_q", "to_kv", "to_out"):
            put(f"{ours}attention.{part}.weight", f"{theirs}0.{part}.weight")
        put_ffw(ours + "ffw", ours + "norm_ffw", theirs + "1")
    for i, n in enumerate(range(shape["every"] - 1, shape["lm"]["num_layers"], shape["every"])):
        ours, theirs = f"xattn.{i}.", f"lang_encoder.gated_cross_attn_layers.{n}."
        put_affine(ours + "norm", theirs + "attn.norm")
        for part in ("to_q", "to_kv", "to_out"):
            put(f"{ours}{part}.weight", f"{theirs}attn.{part}.weight")
        put_ffw(ours + "ffw", ours + "norm_ffw", theirs + "ff")
        put(ours + "alpha_xattn", theirs + "attn_gate")
        put(ours + "alpha_dense", theirs + "ff_gate")
    for n in range(shape["lm"]["num_layers"]):
        ours, theirs = f"lm.layers.{n}.", f"lang_encoder.old_decoder_blocks.{n}."
        put(ours + "self_attn.qkv_proj.weight", *(f"{theirs}self_attn.{p}_proj.weight" for p in "qkv"))
        put(ours + "self_attn.o_proj.weight", theirs + "self_attn.o_proj.weight")
        put(ours + "mlp.up_proj.weight", theirs + "mlp.gate_proj.weight", theirs + "mlp.up_proj.weight")
        put(ours + "mlp.down_proj.weight", theirs + "mlp.down_proj.weight")
        for norm in ("input_layernorm", "post_attention_layernorm"):
            put(f"{ours}{norm}.weight", f"{theirs}{norm}.weight")
    put("lm.norm.weight", "lang_encoder.model.norm.weight")
    table, vocab = state["lang_encoder.model.embed_tokens.weight"], shape["lm"]["vocab"]
    weights["lm.embed_tokens.weight"] = table[:vocab].clone()
    weights["lm.embed_tokens.additional_embedding.weight"] = table[vocab:].clone()
    weights["lm.lm_head.additional_fc.weight"] = table[vocab:].clone()
    return weights


def make_batch(shape, name, seed):
    """Rows of `media` chunks: <image>, text, <|endofchunk|>. Full rows: neither side pads."""
    batch, length, media = shape[name]
    vocab, side = shape["lm"]["vocab"], shape["vit"]["image_size"]
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(PAD + 1, vocab, (batch, length), generator=generator)
    chunk = length // media
    ids[:, chunk - 1 :: chunk] = vocab
    ids[:, -1] = vocab
    ids[:, 0 : media * chunk : chunk] = vocab + 1
    return ids, torch.randn(batch, media, 3, side, side, generator=generator)


def our_batch(ids, pixels, vocab):
    """The fields of a FlamingoBatch: the last token predicts nothing, <image> is no target."""
    batch, length = ids.shape
    targets = ids[:, 1:] != vocab + 1
    rows = torch.arange(batch)[:, None] * (length - 1) + torch.arange(length - 1)
    return {"ids": ids[:, :-1].contiguous(), "phi": (ids == vocab + 1).cumsum(1)[:, :-1].contiguous(),
            "positions": rows[targets], "targets": ids[:, 1:][targets], "pixels": pixels.flatten(0, 1).contiguous(),
            "media_rows": torch.arange(batch * pixels.shape[1]).view(batch, -1)}


class Ours:
    """flamingo-bench, waiting for its turns."""

    def __init__(self, program, folder, options):
        self.process = subprocess.Popen([program, "--turns", folder, "--type", options.type, "--threads",
                                         str(options.threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def turn(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit("open_flamingo_train.py: flamingo-bench ended")
        return json.loads(answer)


class Turns:
    """The captioned loader of train_one_epoch. Asked for a batch, it ends the peer's turn and gives ours one: a warm-up
    and `rounds` rounds."""

    def __init__(self, batch, ours, rounds, clock):
        self.batch, self.ours, self.num_batches, self.clock = batch, ours, rounds + 1, clock
        self.now = time.process_time if clock == "cpu" else time.perf_counter
        self.rounds, self.our_losses = [], []

    def __iter__(self):
        for number in range(self.num_batches):
            ours = self.ours.turn("step")
            self.our_losses.append(ours["losses"])
            product = self.ours.turn("roof")
            start = self.now()
            yield self.batch
            peer = self.now() - start
            if number > 0:
                mine, roof = ours["seconds"][self.clock], product["gflop"] / product["seconds"][self.clock]
                self.rounds.append((mine, peer, roof))
                print(f"  round {number}: flamingo {mine:7.3f} s, open_flamingo {peer:7.3f} s, "
                      f"roof {roof:6.1f} GFLOP/s", flush=True)


class Loader:
    def __init__(self, batch, num_batches):
        self.batch, self.num_batches = batch, num_batches

    def __iter__(self):
        while True:
            yield self.batch


class Tokenizer:
    """What train_one_epoch asks of one."""

    def __init__(self, vocab):
        self.ids = {"<|endofchunk|>": vocab, "<image>": vocab + 1}
        self.pad_token_id, self.eos_token = PAD, "</s>"

    def __call__(self, text, add_special_tokens):
        return {"input_ids": [self.ids[text]]}


class Unwrapped(torch.nn.Module):
    """Stands where train.py has DistributedDataParallel; keeps the losses."""

    def __init__(self, module):
        super().__init__()
        self.module, self.losses = module, []

    def forward(self, **inputs):
        output = self.module(**inputs)
        self.losses.append(output[0].item())
        return output


def train_peer(model, batches, turns, vocab, options):
    """open_flamingo's epoch of `turns`."""
    if options.type == "bf16":
        train_utils.get_autocast = lambda precision, cache_enabled=True: (
            lambda: torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=cache_enabled))
    wrapped = Unwrapped(model)
    trained = [p for p in wrapped.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)
    ids, pixels = batches["interleaved"]
    if options.padded:
        ids = torch.nn.functional.pad(ids, (0, PADDED_TOKENS - ids.shape[1]), value=PAD)
        pixels = torch.nn.functional.pad(pixels, (0, 0) * 3 + (0, PADDED_PICTURES - pixels.shape[1]))
    interleaved = (pixels, [(row[None], (row[None] != PAD).long()) for row in ids])
    args = types.SimpleNamespace(
        num_epochs=1, precision="amp_bf16" if options.type == "bf16" else "fp32", fsdp=False, rank=1,
        gradient_accumulation_steps=1, loss_multiplier_laion=LOSS_FACTORS["captioned"],
        loss_multiplier_mmc4=LOSS_FACTORS["interleaved"], freeze_lm_embeddings=options.freeze_embeddings,
        report_to_wandb=False, logging_steps=1, batch_size_laion=1, batch_size_mmc4=1, world_size=1)
    train_utils.train_one_epoch(
        args, wrapped, 0, turns, Loader(interleaved, turns.num_batches), Tokenizer(vocab), optimizer, schedule, "cpu",
        None)
    return list(zip(wrapped.losses[1::2], wrapped.losses[0::2]))  # (interleaved, captioned)


def check_losses(ours, peers, tolerance):
    """A side that computes something else is not worth timing."""
    for our, peer in zip(ours[0], peers[0]):
        if not math.isclose(our, peer, rel_tol=tolerance):
            sys.exit(f"open_flamingo_train.py: first losses differ: {ours[0]} and {peers[0]}")
    print(f"  losses (interleaved, captioned) of the first step: {ours[0][0]:.4f}, {ours[0][1]:.4f} and "
          f"{peers[0][0]:.4f}, {peers[0][1]:.4f}; of the last: {ours[-1][0]:.4f}, {ours[-1][1]:.4f} and "
          f"{peers[-1][0]:.4f}, {peers[-1][1]:.4f}")


def report(shape, rounds, options):
    samples, work = sum(shape[name][0] for name in LOSS_FACTORS), gflop(shape)
    ours, peer = (statistics.median(r[side] for r in rounds) for side in (0, 1))
    ratio = statistics.median(r[1] / r[0] for r in rounds)
    fractions = [statistics.median(work / r[side] / r[2] for r in rounds) for side in (0, 1)]
    roof = statistics.median(r[2] for r in rounds)
    print(f"{options.shape} {options.type}, {options.threads} threads, {options.clock} clock"
          f"{', padded' if options.padded else ''}: {samples / ours:.2f} samples/s, open_flamingo {samples / peer:.2f} samples/s: "
          f"{ratio:.2f} times; {work:.1f} GFLOP a step, roof {roof:.1f} GFLOP/s: {fractions[0]:.2f} of it, "
          f"open_flamingo {fractions[1]:.2f}", flush=True)


def run(options):
    shape = dict(SHAPES[options.shape])
    for name in LOSS_FACTORS if options.batch else ():
        shape[name] = (options.batch, *shape[name][1:])
    vocab = shape["lm"]["vocab"]
    torch.set_num_threads(options.threads)
    model = make_peer(shape, options.freeze_embeddings)
    batches = {name: make_batch(shape, name, seed) for seed, name in enumerate(LOSS_FACTORS)}
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "config.json"), "w") as file:
            json.dump(flamingo_config(shape), file)
        save_file(our_weights(model, shape), os.path.join(folder, "model.safetensors"))
        for number, (name, batch) in enumerate(batches.items()):
            save_file(our_batch(*batch, vocab), os.path.join(folder, f"batch.{number}.safetensors"),
                      {"loss_factor": str(LOSS_FACTORS[name])})
        ours = Ours(options.program, folder, options)
        ids, pixels = batches["captioned"]
        turns = Turns((pixels.flatten(0, 1), (ids, torch.ones_like(ids))), ours, options.rounds, options.clock)
        peer_losses = train_peer(model, batches, turns, vocab, options)
    check_losses(turns.our_losses, peer_losses, 2e-2 if options.type == "bf16" else 1e-4)
    report(shape, turns.rounds, options)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="flamingo-bench")
    parser.add_argument("--shape", choices=SHAPES, default="small")
    parser.add_argument("--type", choices=["bf16", "fp32"], default="bf16")
    parser.add_argument("--batch", type=int, help="rows of both batches, instead of the shape's")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall",
                        help="cpu: of the processor, for a machine that others use too; take one thread with it")
    parser.add_argument("--padded", action="store_true", help="the peer pads as its data loader does")
    parser.add_argument("--freeze-embeddings", action="store_true", help="the peer's --freeze_lm_embeddings")
    run(parser.parse_args())
