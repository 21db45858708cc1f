"""python -m train.distill --teacher models/a [models/b …] --base work/six --text reports.txt.xz --name small : a smaller student from fine-tuned teachers.

The teachers (model folders) read raw text; the student learns their tag distribution, link and role probabilities and the first
teacher's hidden states there, beside the gold annotations. Ends with a model folder, exported and calibrated as `python -m train` does.
"""

import argparse
import dataclasses
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from tqdm import tqdm
from transformers import BertConfig, BertForMaskedLM, BertModel

from annotations.candidates import LabelledSpan
from annotations.decode import spans_of
from annotations.fields import other_fields
from annotations.schema import DIRECTIONS, LABELS, ROLES, VALUE_LABELS, SchemaError
from corpus.characters import Characters
from corpus.external import ROOT
from corpus.plans import Plans
from corpus.sentences import windows
from corpus.text import clean
from train.cli import add_fields, config_of, fail, finish
from train.data import collate
from train.loop import DEVICE
from train.model import ATTENTION, Batch, IndicatorModel, characters_of
from train.rawtext import is_held_out, raw_documents
from train.released import start_of, weights_of

SUBJECT = re.compile("卫生|医|健康|疾|病|养老|托育|生育|药|护理|残疾|救助|低保|社会保障|就业|人均|教育|扶贫|民生")  # what reports of the field speak of
FIGURE = re.compile(r"\d[\d.,]*[余多]?[%‰万亿个家人项元所张例户]")  # an amount beside its unit
BATCH_TOKENS = 2048


@dataclass(frozen=True)
class Teacher:
    """A fine-tuned model, on the GPU where there is one."""

    folder: Path
    run: dict
    chars: Characters
    model: IndicatorModel

    @classmethod
    def load(cls, folder: Path) -> "Teacher":
        """Opens a model folder: the fp32 weights where they are at hand, else the int8 ones; ValueError when the folder is none or of another schema."""
        try:
            run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            wrong = other_fields(run) + [key for key in ("name", "version") if key not in run]
            if wrong:
                raise ValueError(f"run.json: {wrong[0]} is missing or not this program's")
            chars = Characters.load(folder / "vocab.txt")
            return cls(folder, run, chars, model_of(weights_of(folder, chars), run["encoder"]))
        except (OSError, KeyError, TypeError, RuntimeError, ValueError) as error:
            said = " ".join(str(error).split())[:200]
            raise ValueError(f"{folder}: no model folder that can be read ({said}); give one that `python -m train` made, or retrain the teacher") from None

    @torch.no_grad()
    def read(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids [B, L] → states [B, L, H] and tag log probabilities [B, L, len(TAGS)], worked out in bf16, given as float32."""
        with torch.autocast(DEVICE, torch.bfloat16):
            states, logits = self.model.encode(ids, (ids != self.chars.pad).long())
        return states.float(), logits.float().log_softmax(-1)

    @torch.no_grad()
    def answer(self, states: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """States [B, L, H] → link probabilities [P] and role + direction probabilities [S, 5 + 3] of the batch's pairs and spans."""
        links, kinds = self.model.answer(states, batch)
        return links.sigmoid(), torch.cat([kinds[:, : len(ROLES)].softmax(-1), kinds[:, len(ROLES) :].softmax(-1)], -1)


def model_of(weights: dict[str, torch.Tensor], encoder: dict) -> IndicatorModel:
    """A model with these weights, of the shape that a run.json's `encoder` tells (older ones say nothing of activation and epsilon: BERT's own), for reading."""
    shape = {**encoder, "max_position_embeddings": weights["encoder.embeddings.position_embeddings.weight"].shape[0]}
    model = IndicatorModel(BertModel(BertConfig(**shape, attn_implementation=ATTENTION), add_pooling_layer=False))
    model.load_state_dict({name: tensor for name, tensor in weights.items() if not name.startswith("widen.")})
    return model.to(DEVICE).eval()


class Piece(NamedTuple):
    """A window of raw text to be taught."""

    text: str
    start: int  # its place in the clean document
    plans: Plans  # of the document


def passages(paths: Sequence[Path], size: int, characters: int) -> list[Piece]:
    """Windows of the files' documents that speak of the subject, three times or beside a figure, cleaned as inference cleans a report, up to so many characters in all."""
    found: list[Piece] = []
    total = 0
    for raw in (raw for path in paths for raw in raw_documents(path)):
        document = clean(raw).text
        if is_held_out("".join(document.split())):
            continue
        plans = Plans(document, None)
        for window in windows(document, size):
            piece = document[window.start : window.end]
            said = len(SUBJECT.findall(piece))
            if len(piece) >= 20 and (said >= 3 or said and FIGURE.search(piece)):
                found.append(Piece(piece, window.start, plans))
                total += len(piece)
        if total >= characters:
            break
    return found


def teach(pieces: Sequence[Piece], teachers: Sequence[Teacher]) -> list[dict]:
    """Rows for `train.loop.fine_tune(taught=…)`: what the teachers say of each piece, their probabilities averaged (the logarithms of tags)."""
    order = sorted(range(len(pieces)), key=lambda i: len(pieces[i].text))
    rows: list[dict] = []
    with tqdm(total=sum(len(piece.text) for piece in pieces), unit="char", unit_scale=True, desc="teacher", mininterval=5) as bar:
        for batch in _batches([len(pieces[i].text) for i in order]):
            rows += _taught([pieces[order[n]] for n in batch], teachers)
            bar.update(sum(len(row["text"]) for row in rows[-len(batch) :]))
    return rows


def _taught(pieces: list[Piece], teachers: Sequence[Teacher]) -> list[dict]:
    chars = teachers[0].chars
    rows = [{"text": piece.text, "input_ids": chars.encode(piece.text), "tags": [0] * len(piece.text), "spans": [], "hints": [], "values": [], "links": []} for piece in pieces]
    ids = collate(rows, chars).ids.to(DEVICE)
    read = [teacher.read(ids) for teacher in teachers]
    scores = torch.stack([scores for _, scores in read]).mean(0).log_softmax(-1).cpu()
    for row, piece, found in zip(rows, pieces, scores.numpy()):
        found = found[1 : len(piece.text) + 1]
        spans = [LabelledSpan(label, start, end) for label, start, end, _ in spans_of(found, piece.text)]
        row |= {"tags": found.argmax(-1).tolist(), "spans": [[s.start, s.end, LABELS.index(s.label)] for s in spans], "hints": [piece.plans.hint(piece.start + s.start) for s in spans]}
    batch = collate(rows, chars).to(DEVICE)
    links, kinds = torch.zeros(0), torch.zeros(0, len(ROLES) + len(DIRECTIONS) + 1)
    if len(batch.spans):
        answers = [teacher.answer(states, batch) for teacher, (states, _) in zip(teachers, read)]
        links, kinds = (torch.stack(said).mean(0).cpu() for said in zip(*answers))
        # as in gold passages: a plan that nothing announces cannot be told from a result, so it teaches no role
        unclear = (kinds[:, : len(ROLES)].argmax(-1) == ROLES.index("target")) & (batch.hints.cpu() == 0)
        kinds[unclear | torch.tensor([LABELS[label] not in VALUE_LABELS for row in rows for _, _, label in row["spans"]])] = 0
    states = read[0][0].half().cpu()
    window_of_span = batch.spans[:, 0].cpu()
    window_of_pair = window_of_span[batch.pairs[:, 0].cpu()]
    for n, row in enumerate(rows):
        size = len(row["text"])
        row["soft_tags"] = scores[n, 1 : size + 1].exp().half()
        row["soft_states"] = states[n, 1 : size + 1].clone()
        row["soft_links"] = links[window_of_pair == n].tolist()
        row["soft_kinds"] = kinds[window_of_span == n].tolist()
    return rows


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    held: list[int] = []
    for n, length in enumerate(lengths):  # ascending
        if held and (len(held) + 1) * (length + 2) > BATCH_TOKENS:
            yield held
            held = []
        held.append(n)
    if held:
        yield held


def narrow(source: Path, hidden: int, target: Path) -> Path:
    """A base `hidden` wide from a wider one, by taking evenly spaced channels of every weight (weight selection, Xu et al. 2024, arXiv:2311.18823); writes a folder.

    Heads keep their number, so `hidden` must be a multiple of it; channels are taken head by head.
    """
    wide = BertForMaskedLM.from_pretrained(source).float()
    config = wide.config
    heads, old = config.num_attention_heads, config.hidden_size
    if hidden % heads or hidden >= old:
        raise ValueError(f"--hidden {hidden}: must be a multiple of the {heads} attention heads of {source} and below its {old}")
    made = type(config).from_dict({**config.to_dict(), "hidden_size": hidden, "intermediate_size": hidden * config.intermediate_size // old})
    small = BertForMaskedLM(made)
    per_head = torch.linspace(0, old // heads - 1, hidden // heads).round().long()
    kept = {old: torch.cat([head * (old // heads) + per_head for head in range(heads)]), config.intermediate_size: torch.linspace(0, config.intermediate_size - 1, made.intermediate_size).round().long()}
    theirs = wide.state_dict()
    with torch.no_grad():
        for name, ours in small.state_dict().items():
            tensor = theirs[name]
            for axis, size in enumerate(ours.shape):
                if size != tensor.shape[axis]:
                    tensor = tensor.index_select(axis, kept[tensor.shape[axis]])
            ours.copy_(tensor)
    small.half().save_pretrained(target)
    Characters.load(source / "vocab.txt").save(target / "vocab.txt")
    return target


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train.distill", description=__doc__.split("\n\n")[1])
    parser.add_argument("--teacher", type=Path, nargs="+", required=True, help="fine-tuned model folders; the first one's hidden states are taught")
    parser.add_argument("--text", type=Path, nargs="+", required=True, help="raw text, plain or .xz, documents separated by blank lines")
    parser.add_argument("--characters", type=int, default=1_000_000, help="how many characters of text are taught")
    parser.add_argument("--hidden", type=int, default=0, help="width of the student, 0 = that of --base")
    add_fields(parser)
    parser.set_defaults(name="student")
    args = parser.parse_args(argv)
    try:
        config = config_of(args)
        if (args.models / config.name).resolve() in {folder.resolve() for folder in args.teacher}:
            raise ValueError(f"--name {config.name}: is a teacher's folder, the student would replace it; give another name")
        if args.hidden:
            config = dataclasses.replace(config, base=os.path.relpath(narrow(Path(config.base), args.hidden, ROOT / "work" / f"{config.name}-base")))
        if config.init:
            start_of(config.init, characters_of(config.base))  # a wrong one is said before the teachers read
        teachers = [Teacher.load(folder) for folder in args.teacher]
        for teacher in teachers:
            if teacher.chars.names != characters_of(config.base).names:
                raise ValueError(f"{teacher.folder}: its vocabulary is not that of {config.base}; teachers and student must share their vocab.txt")
        taught = teach(passages(args.text, config.window, args.characters), teachers)
        if not taught:
            raise ValueError("no passage of the texts speaks of the subject; give other --text")
        print(f"{len(taught)} passages, {sum(len(row['text']) for row in taught)} characters, {sum(len(row['spans']) for row in taught)} spans taught by {', '.join(t.run['name'] for t in teachers)}", flush=True)
        more = {"teachers": [f"{t.run['name']} {t.run['version']}" for t in teachers], "taught_characters": sum(len(row["text"]) for row in taught)}
        return finish(config, args, taught, more)
    except (SchemaError, OSError, RuntimeError, ValueError) as error:
        return fail("distill", error)


if __name__ == "__main__":
    raise SystemExit(main())
