"""python -m train.doubts --out FILE : label errors hunted by cross-validation (confident learning, Northcutt et al. 2021).

Trains on all folds but one, looks at the held-out fold, and writes the spans on which model and annotation disagree although the model is
sure, surest first, as JSON Lines to be read and decided by a person. Nothing is changed.
"""

import argparse
import json
from pathlib import Path

import torch

from annotations.decode import log_softmax, spans_of
from annotations.schema import AnnotatedReport
from annotations.tags import TAG_IDS
from corpus.characters import Characters
from corpus.external import ROOT
from corpus.text import clean
from train.config import TrainConfig
from train.data import load_reports, windows_of
from train.loop import DEVICE, fine_tune
from train.model import IndicatorModel

SURE = 0.9


@torch.no_grad()
def disagreements(model: IndicatorModel, raw: str, report: AnnotatedReport, chars: Characters, size: int) -> list[dict]:
    """Spans the model is sure of that the annotation lacks, and annotated spans that the model is sure are none, on raw offsets."""
    text = clean(raw)
    gold = {(s.label, *text.from_raw(s.start, s.end)) for s in report.spans}
    found = []
    for window in windows_of(text, report, size):
        ids = torch.tensor([[chars.cls, *chars.encode(text.text[window.start : window.end]), chars.sep]]).to(DEVICE)
        scores = log_softmax(model.encode(ids, torch.ones_like(ids))[1][0, 1:-1].float().cpu().numpy())
        said = {(label, window.start + a, window.start + b): sure for label, a, b, sure in spans_of(scores)}
        rows = [("extra", span, sure) for span, sure in said.items() if span not in gold]
        for label, a, b in gold:
            if window.start <= a and b <= window.end and (label, a, b) not in said:
                tags = [f"B-{label}", *[f"I-{label}"] * (b - a - 1)]
                rows.append(("missing", (label, a, b), 1 - float(max(2.718281828 ** scores[a - window.start + i, TAG_IDS[tag]] for i, tag in enumerate(tags)))))
        for kind, (label, a, b), sure in rows:
            if sure >= SURE:
                start, end = text.to_raw(a, b)
                found.append({"report": report.id, "kind": kind, "label": label, "start": start, "end": end, "sure": round(sure, 4)})
    return found


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train.doubts", description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--base", default=TrainConfig.base)
    args = parser.parse_args(argv)
    config = TrainConfig(base=args.base, name="doubts", layers=args.layers, epochs=args.epochs)
    reports = sorted(load_reports("train", config)[0] + load_reports("dev", config)[0], key=lambda pair: pair[1].sha256)
    rows: list[dict] = []
    for fold in range(args.folds):
        held = reports[fold :: args.folds]
        rest = [pair for i, pair in enumerate(reports) if i % args.folds != fold]
        model, chars, _ = fine_tune(config, ROOT / "work" / f"doubts-{fold}", dev=held[:4], train=rest)
        rows += [row for raw, report in held for row in disagreements(model, raw, report, chars, config.window)]
        args.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in sorted(rows, key=lambda r: -r["sure"])), encoding="utf-8")
        print(f"fold {fold + 1}: {len(rows)} sure disagreements so far", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
