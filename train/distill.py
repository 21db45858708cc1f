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

import numpy as np
import onnxruntime as ort
import torch
from tqdm import tqdm
from transformers import BertForMaskedLM

from annotations.candidates import LabelledSpan, pairs_of
from annotations.decode import log_softmax, sigmoid, spans_of
from annotations.fields import other_fields
from annotations.schema import DIRECTIONS, LABELS, ROLES, VALUE_LABELS, SchemaError
from corpus.characters import Characters
from corpus.external import ROOT
from corpus.plans import Plans
from corpus.sentences import windows
from corpus.text import clean
from train.cli import add_fields, config_of, fail, finish
from train.model import characters_of
from train.pretrain import is_held_out, raw_documents
from train.released import sound_file, weights_of

SUBJECT = re.compile("卫生|医|健康|疾|病|养老|托育|生育|药|护理|残疾|救助|低保|社会保障|就业|人均|教育|扶贫|民生")  # what reports of the field speak of
BATCH_TOKENS = 2048


@dataclass(frozen=True)
class Teacher:
    """A fine-tuned model folder, opened for reading text."""

    folder: Path
    run: dict
    chars: Characters
    tagger: ort.InferenceSession
    heads: ort.InferenceSession

    @classmethod
    def load(cls, folder: Path) -> "Teacher":
        """Opens the fp32 tagger where it is at hand, else the int8 one; ValueError when the folder is none or of another schema."""
        try:
            run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            files = sound_file(folder, run, "tagger.onnx", "tagger.int8.onnx"), sound_file(folder, run, "heads.onnx")
            sessions = [ort.InferenceSession(str(file), providers=["CPUExecutionProvider"]) for file in files]
            chars = Characters.load(folder / "vocab.txt")
        except Exception as error:  # ONNX Runtime raises its own kinds for a file it cannot read
            raise ValueError(f"{folder}: no model folder that can be read ({str(error).splitlines()[0]}); give one that `python -m train` made") from None
        wrong = other_fields(run) + [key for key in ("name", "version") if key not in run]
        if wrong:
            raise ValueError(f"{folder}: run.json: {wrong[0]} is missing or not this program's; retrain the teacher")
        return cls(folder, run, chars, *sessions)

    def read(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Token ids [B, L] → states [B, L, H] and tag log probabilities [B, L, len(TAGS)]."""
        states, logits = self.tagger.run(["states", "logits"], {"ids": ids, "attention": (ids != self.chars.pad).astype(np.int64)})
        return states, log_softmax(logits)

    def answer(self, states: np.ndarray, spans: Sequence[LabelledSpan], pairs: np.ndarray, features: np.ndarray, hints: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """States [L, H] of one window → link probabilities [P] and role + direction probabilities [S, 5 + 3]."""
        feed = {"states": states, "first": [s.start + 1 for s in spans], "last": [s.end for s in spans], "label": [LABELS.index(s.label) for s in spans]}
        feed |= {"value": pairs[:, 0], "argument": pairs[:, 1], "relation": pairs[:, 2], "features": features, "hints": hints}
        links, kinds = self.heads.run(["links", "kinds"], {key: value if key == "states" else np.asarray(value, dtype=np.int64) for key, value in feed.items()})
        roles, directions = np.exp(log_softmax(kinds[:, : len(ROLES)])), np.exp(log_softmax(kinds[:, len(ROLES) :]))
        return sigmoid(links), np.concatenate([roles, directions], 1)


class Piece(NamedTuple):
    """A window of raw text to be taught."""

    text: str
    start: int  # its place in the clean document
    plans: Plans  # of the document


def passages(paths: Sequence[Path], size: int, characters: int) -> list[Piece]:
    """Windows of the files' documents that speak of the subject, cleaned as inference cleans a report, up to so many characters in all."""
    found: list[Piece] = []
    total = 0
    for raw in (raw for path in paths for raw in raw_documents(path)):
        document = clean(raw).text
        if is_held_out("".join(document.split())):
            continue
        plans = Plans(document, None)
        for window in windows(document, size):
            piece = document[window.start : window.end]
            if len(SUBJECT.findall(piece)) >= 3 and len(piece) >= 20:
                found.append(Piece(piece, window.start, plans))
                total += len(piece)
        if total >= characters:
            break
    return found


def teach(pieces: Sequence[Piece], teachers: Sequence[Teacher]) -> list[dict]:
    """Rows for `train.loop.fine_tune(taught=…)`: what the teachers say of each piece, their probabilities averaged (the logarithms of tags)."""
    chars = teachers[0].chars
    order = sorted(range(len(pieces)), key=lambda i: len(pieces[i].text))
    rows: list[dict] = []
    with tqdm(total=sum(len(piece.text) for piece in pieces), unit="char", unit_scale=True, desc="teacher", mininterval=5) as bar:
        for batch in _batches([len(pieces[i].text) for i in order]):
            chosen = [pieces[order[n]] for n in batch]
            ids = np.full((len(chosen), max(len(piece.text) for piece in chosen) + 2), chars.pad, dtype=np.int64)
            for n, piece in enumerate(chosen):
                ids[n, : len(piece.text) + 2] = [chars.cls, *chars.encode(piece.text), chars.sep]
            read = [teacher.read(ids) for teacher in teachers]
            for n, piece in enumerate(chosen):
                rows.append(_row(piece, ids[n], [(states[n], scores[n, 1 : len(piece.text) + 1]) for states, scores in read], teachers))
                bar.update(len(piece.text))
    return rows


def _row(piece: Piece, ids: np.ndarray, read: list[tuple[np.ndarray, np.ndarray]], teachers: Sequence[Teacher]) -> dict:
    text = piece.text
    scores = log_softmax(np.mean([scores for _, scores in read], 0))
    spans = [LabelledSpan(label, start, end) for label, start, end, _ in spans_of(scores, text)]
    pairs, features = pairs_of(text, spans)
    hints = [piece.plans.hint(piece.start + s.start) for s in spans]
    links, kinds = np.zeros(0), np.zeros((0, len(ROLES) + len(DIRECTIONS) + 1))
    if spans:
        asked = np.array(pairs, dtype=np.int64).reshape(-1, 3)
        answers = [teacher.answer(states, spans, asked, features, hints) for teacher, (states, _) in zip(teachers, read)]
        links, kinds = (np.mean([answer[i] for answer in answers], 0) for i in (0, 1))
        # as in gold passages: a plan that nothing announces cannot be told from a result, so it teaches no role
        unclear = (kinds[:, : len(ROLES)].argmax(-1) == ROLES.index("target")) & (np.array(hints) == 0)
        kinds[[s.label not in VALUE_LABELS for s in spans] | unclear] = 0
    return {
        "text": text,
        "input_ids": ids[1 : len(text) + 1].tolist(),
        "tags": scores.argmax(-1).tolist(),
        "spans": [[s.start, s.end, LABELS.index(s.label)] for s in spans],
        "hints": hints,
        "values": [],
        "links": [],
        "soft_tags": torch.from_numpy(np.exp(scores)).half(),
        "soft_states": torch.from_numpy(read[0][0][1 : len(text) + 1]).half(),
        "soft_links": links.tolist(),
        "soft_kinds": kinds.tolist(),
    }


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
            weights_of(Path(config.init), characters_of(config.base))  # a wrong one is said before the teachers read
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
