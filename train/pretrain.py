"""python -m train.pretrain --base models/base --raw work/raw.safetensors --minutes 60 --out work/pretrained

Masked-language-model training of a character BERT on the text that `python -m train.rawtext` made ready, with LAC's word borders, parts of
speech and names in it as a second objective where they are there. Batches are made on the device, so that a GPU is kept busy.
Interrupted runs go on with --resume. Ends with a Hugging Face folder in half precision and a line of held-out figures.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional
from tqdm import tqdm
from transformers import BertForMaskedLM

from corpus.characters import Characters
from train.model import ATTENTION, keep_layers
from train.rawtext import NO_TAG, RawText


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


class Rows(NamedTuple):
    """Stretches of a text. N rows."""

    starts: torch.Tensor  # [N]
    lengths: torch.Tensor  # [N], the last of a run of documents can be short
    sources: torch.Tensor  # [N], which file


def rows_of(raw: RawText, room: int, held: bool) -> Rows:
    """Cuts the documents that are (not) held out into rows of `room` characters; neighbours of one file are read on without a break. A rest below a quarter is left out."""
    starts, lengths, sources = [], [], []
    begin, open_run = 0, None
    ends = raw.ends.tolist()
    kinds = list(zip(raw.sources.tolist(), raw.held.tolist()))
    for n, (end, kind) in enumerate(zip(ends, kinds)):
        if open_run is None:
            begin, open_run = (ends[n - 1] if n else 0), kind
        if n + 1 < len(ends) and kinds[n + 1] == kind:
            continue
        if kind[1] == held:
            for start in range(begin, end - room // 4 + 1, room):
                starts.append(start)
                lengths.append(min(room, end - start))
                sources.append(kind[0])
        open_run = None
    return Rows(torch.tensor(starts), torch.tensor(lengths), torch.tensor(sources))


def draw(rows: Rows, weights: list[float], count: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Endless batches of `count` row numbers: files by weight, the rows of a file in a new order every round. ValueError when a file has no row."""
    by_source = [torch.nonzero(rows.sources == number).flatten() for number in range(len(weights))]
    for number, found in enumerate(by_source):
        if not len(found):
            raise ValueError(f"file {number + 1} of {len(weights)} that were made ready: too short for a single row; give a larger one to train.rawtext, or a smaller --length")
    orders = [found[torch.randperm(len(found), generator=generator)] for found in by_source]
    at = [0] * len(weights)
    share = torch.tensor(weights)
    while True:
        chosen = []
        for number, wanted in enumerate(torch.bincount(torch.multinomial(share, count, replacement=True, generator=generator), minlength=len(weights)).tolist()):
            while wanted:
                got = orders[number][at[number] : at[number] + wanted]
                chosen.append(got)
                wanted -= len(got)
                at[number] += len(got)
                if at[number] == len(orders[number]):
                    orders[number], at[number] = by_source[number][torch.randperm(len(by_source[number]), generator=generator)], 0
        yield torch.cat(chosen)


class Batches:
    """Masked batches of a text, made where its tensors lie."""

    def __init__(self, raw: RawText, rows: Rows, chars: Characters, config: PretrainConfig, device: str):
        self.rows = Rows(*(tensor.to(device) for tensor in rows))
        self.ids, self.tags, self.begins = raw.ids.to(device), raw.tags.to(device), raw.begins.to(device)
        self.words = bool(raw.tag_names)
        self.chars, self.config, self.device = chars, config, device
        self.generator = torch.Generator(device)

    def __call__(self, chosen: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """input ids [B, L], attention mask [B, L], masked flat positions [K], their original ids [K] (-100 in padding), silver tags [B, L].

        Units (words and numbers; without LAC numbers and runs of 1 to 3 characters) are masked until exactly K = mask·B·L positions
        are taken; 80 % become [MASK], 10 % another character, 10 % stay (Devlin et al. 2019). K is fixed so that shapes never change.
        """
        chars, length = self.chars, self.config.length
        starts, lengths = (tensor[chosen.to(self.device)] for tensor in self.rows[:2])
        at = starts[:, None] + torch.arange(length - 2, device=self.device)
        inside = torch.arange(length - 2, device=self.device) < lengths[:, None]
        at = at.clamp(max=len(self.ids) - 1)

        def framed(body: torch.Tensor, fill: int) -> torch.Tensor:
            return functional.pad(torch.where(inside, body.long(), fill), (1, 1), value=fill)

        ids = framed(self.ids[at], chars.pad)
        ids[:, 0] = chars.cls
        ids.scatter_(1, lengths[:, None] + 1, chars.sep)
        silver = framed(self.tags[at], -100)
        silver[silver == NO_TAG] = -100
        begins = framed(self.begins[at], 1)
        if not self.words:
            begins &= (self._random(begins.shape) < 0.4) | (torch.arange(length, device=self.device) % 3 == 0)
        begins[:, :2] = 1
        units = begins.flatten().cumsum(0) - 1
        scores = self._random((units.shape[0],))[units]
        scores[functional.pad(~inside, (1, 1), value=True).flatten()] = 2.0  # specials and padding come last
        positions = scores.topk(int(self.config.mask * ids.numel()), largest=False).indices
        view = ids.view(-1)
        original = view[positions]
        kind = self._random(positions.shape)
        other = torch.randint(5, len(chars), positions.shape, generator=self.generator, device=self.device)
        real = scores[positions] < 2
        view[positions] = torch.where(real & (kind < 0.8), chars.mask, torch.where(real & (kind < 0.9), other, original))
        return ids, (ids != chars.pad).long(), positions, torch.where(real, original, -100), silver

    def _random(self, shape: tuple[int, ...] | torch.Size) -> torch.Tensor:
        return torch.rand(shape, generator=self.generator, device=self.device)


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
        total += int((batch[3] >= 0).sum())
    mean = sum(losses) / len(losses)
    return {"masked_loss": mean, "perplexity": math.exp(mean), "masked_accuracy": hits / total, "silver_loss": sum(tags) / len(tags)}


def held_out_batches(raw: RawText, chars: Characters, config: PretrainConfig, count: int, device: str = "cpu") -> list[tuple[torch.Tensor, ...]]:
    """Fixed batches from the documents that training never sees, of the first file only."""
    rows = rows_of(raw, config.length - 2, held=True)
    first = torch.nonzero(rows.sources == 0).flatten()
    if len(first) < config.batch:
        raise ValueError(f"only {len(first)} held-out rows of {config.length} characters in {raw.files[0]}; give more text (at least {config.batch} rows) or a smaller --batch")
    made = Batches(raw, rows, chars, config, device)
    made.generator.manual_seed(12345)
    order = first[torch.randperm(len(first), generator=torch.Generator().manual_seed(12345))]
    return [made(order[i : i + config.batch]) for i in range(0, min(len(order), count * config.batch) - config.batch + 1, config.batch)]


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    defaults = PretrainConfig()
    parser = argparse.ArgumentParser(prog="python -m train.pretrain", description=__doc__.split("\n\n")[1])
    parser.add_argument("--base", default="models/base", help="folder of a BertForMaskedLM with a character vocab.txt")
    parser.add_argument("--raw", type=Path, required=True, help="text that `python -m train.rawtext` made ready")
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
        run(Path(args.base), args.raw, args.out, config, args)
    except (OSError, RuntimeError, ValueError) as error:
        print("pretrain: " + " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


def run(base: Path, raw_file: Path, out: Path, config: PretrainConfig, args: argparse.Namespace) -> dict[str, float]:
    """Trains and writes `out`; returns the last held-out figures."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(config.seed)
    chars = Characters.load(base / "vocab.txt")
    raw = RawText.load(raw_file, chars)
    model = BertForMaskedLM.from_pretrained(base, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation=ATTENTION).float()
    if not 8 <= config.length <= model.config.max_position_embeddings or not 0 < config.mask < 1:
        raise ValueError(f"--length {config.length}, --mask {config.mask}: a row has 8 to {model.config.max_position_embeddings} tokens with this --base, and a share between 0 and 1 of them is masked")
    keep_layers(model.bert, config.layers)
    objective = Objective(model, len(raw.tag_names) if config.silver else 0)
    master = Master(objective.to(device), config)
    objective.to(torch.bfloat16)
    master.live = [parameter for _, parameter in objective.named_parameters()]
    out.mkdir(parents=True, exist_ok=True)
    begun = {"config": asdict(config), "text": {"files": raw.files, "weights": raw.weights, "characters": len(raw.ids), "words": bool(raw.tag_names)}}
    state: dict = {"step": 0, "spent": 0.0, **begun}
    if args.resume and (out / "checkpoint.json").exists():
        state = json.loads((out / "checkpoint.json").read_text(encoding="utf-8"))
        if any(state.get(key) != said for key, said in begun.items()):
            raise ValueError(f"{out}: was begun with other options or another text ({[state.get(key) for key in begun]}); resume with those, or give another --out")
        master.load(out / "checkpoint.safetensors")
    held = held_out_batches(raw, chars, config, 12, device)
    if args.compile:
        for layer in model.bert.encoder.layer:
            layer.compile()  # one layer is compiled once for all; the whole would take minutes
    seed = config.seed + 7919 * state["step"]  # after an interruption other rows come than at the start
    rows = rows_of(raw, config.length - 2, held=False)
    batch_of = Batches(raw, rows, chars, config, device)
    batch_of.generator.manual_seed(seed)
    drawn = draw(rows, raw.weights, config.batch, torch.Generator().manual_seed(seed))

    if args.compile:  # before the clock starts, which the learning rate follows
        masked, tagged, _ = objective(*batch_of(next(drawn)))
        (masked + tagged).backward()
        objective.zero_grad(set_to_none=True)

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
            masked, tagged, _ = objective(*batch_of(next(drawn)))
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
    (out / "pretrain.json").write_text(json.dumps({"base": str(base), **state, **figures}, indent=1), encoding="utf-8")
    print(json.dumps({**state, **figures}))
    return figures


if __name__ == "__main__":
    raise SystemExit(main())
