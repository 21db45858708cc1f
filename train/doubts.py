"""python -m train.doubts --out FILE : label errors hunted by cross-validation (confident learning, Northcutt et al. 2021).

Trains on all folds but one and reads the held-out one; cleanlab's token classification then says which characters are probably labelled
wrongly, and the spans they belong to are written, worst first, as JSON Lines to be read and decided by a person. Nothing is changed.
"""

import argparse
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from cleanlab.token_classification.filter import find_label_issues

from annotations.decode import log_softmax, spans_of
from annotations.schema import AnnotatedReport, SchemaError
from annotations.tags import TAG_IDS, spans_to_tags
from corpus.characters import Characters
from corpus.external import ROOT
from corpus.text import CleanText, clean
from train.cli import fail
from train.config import TrainConfig
from train.data import load_reports, windows_of
from train.loop import DEVICE, fine_tune
from train.model import IndicatorModel


class Read(NamedTuple):
    """One window of a report, read by a model that never saw it. Spans are (label, start, end) in the window."""

    report: str
    text: CleanText  # of the whole report
    at: int  # where the window starts in it
    core: tuple[int, int]  # the part of the window that no other window answers for
    gold: list[tuple[str, int, int]]
    said: list[tuple[str, int, int]]
    tags: list[int]  # of the annotation
    scores: np.ndarray  # [L, len(TAGS)], the model's probabilities


@torch.no_grad()
def read_windows(model: IndicatorModel, raw: str, report: AnnotatedReport, chars: Characters, size: int) -> Iterator[Read]:
    """What the annotation and a model that never saw the report say of each of its windows."""
    text = clean(raw)
    model.eval()
    for window in windows_of(text, report, size):
        piece = text.text[window.start : window.end]
        ids = torch.tensor([[chars.cls, *chars.encode(piece), chars.sep]]).to(DEVICE)
        scores = log_softmax(model.encode(ids, torch.ones_like(ids))[1][0, 1:-1].float().cpu().numpy())
        seen = [(s.label, *(p - window.start for p in text.from_raw(s.start, s.end))) for s in report.spans]
        gold = [(label, max(a, 0), min(b, len(piece))) for label, a, b in seen if max(a, 0) < min(b, len(piece))]
        tags = [TAG_IDS[tag] for tag in spans_to_tags(gold, len(scores))]
        core = (window.core_start - window.start, window.core_end - window.start)
        yield Read(report.id, text, window.start, core, gold, [s[:3] for s in spans_of(scores, piece)], tags, np.exp(scores))


def doubts(read: list[Read]) -> list[dict]:
    """The doubtful places, worst first: the annotated spans and the model's that touch a doubtful character, on raw offsets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rare tags it cannot find all errors, and says so
        issues = find_label_issues([r.tags for r in read], [r.scores for r in read], return_indices_ranked_by="self_confidence")
    found: dict[tuple, dict] = {}
    for n, i in issues:
        window = read[n]
        gold = [s for s in window.gold if s[1] <= i < s[2]]
        said = [s for s in window.said if s[1] <= i < s[2]]
        if gold == said or (n, *gold, *said) in found or not window.core[0] <= i < window.core[1]:
            continue

        def placed(spans: list[tuple[str, int, int]], window: Read = window) -> list[dict]:
            return [dict(zip(("label", "start", "end"), (label, *window.text.to_raw(window.at + a, window.at + b)))) for label, a, b in spans]

        kind = "missing" if not gold else "spurious" if not said else "label" if gold[0][1:] == said[0][1:] else "border"
        found[n, *gold, *said] = {"report": window.report, "kind": kind, "annotated": placed(gold), "model": placed(said), "sure": round(float(window.scores[i].max()), 4)}
    return list(found.values())


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train.doubts", description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--base", default=TrainConfig.base)
    args = parser.parse_args(argv)
    config = TrainConfig(base=args.base, name="doubts", layers=args.layers, epochs=args.epochs)
    try:
        if args.folds < 2:
            raise ValueError(f"--folds {args.folds}: at least 2, or nothing is left to train on")
        if not args.out.resolve().parent.is_dir():
            raise ValueError(f"{args.out}: there is no folder {args.out.resolve().parent}")
        reports = sorted(load_reports("train", config)[0] + load_reports("dev", config)[0], key=lambda pair: pair[1].sha256)
        read: list[Read] = []
        for fold in range(args.folds):
            held = reports[fold :: args.folds]
            rest = [pair for i, pair in enumerate(reports) if i % args.folds != fold]
            model, chars, _ = fine_tune(config, ROOT / "work" / f"doubts-{fold}", dev=held[:4], train=rest)
            read += [window for raw, report in held for window in read_windows(model, raw, report, chars, config.window)]
            rows = doubts(read)
            args.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
            print(f"fold {fold + 1} of {args.folds} read, {len(rows)} doubtful places so far", flush=True)
    except (SchemaError, OSError, RuntimeError, ValueError) as error:
        return fail("doubts", error)
    print(f"{len(rows)} doubtful places in {len(reports)} reports with {sum(len(report.spans) for _, report in reports)} spans: {args.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
