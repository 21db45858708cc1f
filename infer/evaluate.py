"""python -m infer.evaluate [--gold FILE… --texts FOLDER | --split dev|test] : a model folder against gold, the rule baseline beside it.

Prints span, value, argument, role, usable and record scores with 95 % bootstrap intervals over paragraphs, and precision, recall and F1 of
every label and argument. Scoring the test split writes docs/leaderboard.json, once for every released model: test is not for tuning.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from tqdm import tqdm

from annotations import store
from annotations.schema import AnnotatedReport, SchemaError, problems, sha256_of
from annotations.score import Facts, Score, facts_of_gold, facts_of_output
from corpus.external import ROOT, external_folder
from corpus.read import ReadError, decode
from corpus.report import Report
from infer import baseline
from infer.model import DEFAULT, Model, ModelError, load
from infer.records import extract

LEADERBOARD = ROOT / "docs" / "leaderboard.json"
Gold = tuple[str, AnnotatedReport]


def load_gold(files: list[Path], texts: Path | None) -> list[Gold]:
    """Gold files (.json, .jsonl) with their raw texts, found by source, or by sha256 in `texts` (default: the external folder's seeds); SchemaError when one is not there."""
    by_hash = {}
    external = external_folder()
    folder = texts or (external / "seeds" if external else None)
    for path in sorted(folder.glob("*")) if folder else ():
        try:
            raw = decode(path.read_bytes(), str(path))
        except (ReadError, OSError):
            continue
        by_hash[sha256_of(raw)] = raw
    found = []
    for file in files:
        for report in store.read(file):
            raw = by_hash.get(report.sha256) or store.read_source(report.source or "?")
            if raw is None:
                raise SchemaError(f"{file}: the text of {report.id or report.sha256[:12]} is not at hand; give its folder with --texts")
            wrong = problems(report, raw)
            if wrong:
                raise SchemaError(f"{file}: {wrong[0]}")
            found.append((raw, report))
    return found


def paragraphs(raw: str, facts: Facts) -> list[tuple[int, Facts]]:
    """The facts of a report cut at its line ends, by where each span or value begins."""
    starts = [0, *(i + 1 for i, char in enumerate(raw) if char == "\n")]

    def line(position: int) -> int:
        return int(np.searchsorted(starts, position, side="right"))

    spans: dict[int, set] = {}
    records: dict[int, dict] = {}
    for span in facts.spans:
        spans.setdefault(line(span[1]), set()).add(span)
    for at, record in facts.records.items():
        records.setdefault(line(at[0]), {})[at] = record
    return [(n, Facts(frozenset(spans.get(n, ())), records.get(n, {}))) for n in sorted(spans.keys() | records.keys())]


class Tally:
    """Scores of one system, kept by paragraph so that intervals can be drawn."""

    def __init__(self) -> None:
        self.total = Score()
        self.parts: list[Score] = []

    def add(self, raw: str, gold: Facts, found: Facts) -> None:
        """Counts one report."""
        self.total.add(gold, found)
        gold_parts, found_parts = dict(paragraphs(raw, gold)), dict(paragraphs(raw, found))
        for n in sorted(gold_parts.keys() | found_parts.keys()):
            part = Score()
            part.add(gold_parts.get(n, Facts(frozenset())), found_parts.get(n, Facts(frozenset())))
            self.parts.append(part)

    def intervals(self, draws: int = 300, seed: int = 0) -> dict[str, tuple[float, float]]:
        """95 % percentile bootstrap over paragraphs (Efron 1979), for every total."""
        rng = np.random.default_rng(seed)
        rows: dict[str, list[float]] = {}
        for _ in range(draws):
            drawn = Score()
            for i, weight in zip(*np.unique(rng.integers(0, len(self.parts), len(self.parts)), return_counts=True)):
                for mine, theirs in ((drawn.counts, self.parts[i].counts), (drawn.labels, self.parts[i].labels), (drawn.argument_counts, self.parts[i].argument_counts)):
                    for key, number in theirs.items():
                        mine[key] += number * int(weight)
            for key, value in drawn.totals().items():
                rows.setdefault(key, []).append(value)
        return {key: tuple(np.percentile(values, (2.5, 97.5)).tolist()) for key, values in rows.items()}


def evaluate(gold: list[Gold], model: Model | None) -> tuple[Tally | None, Tally]:
    """The tallies of the model and of the baseline on gold; a report annotated in part is scored inside its parts only."""
    ours, rules = Tally(), Tally()
    for raw, annotated in tqdm(gold, unit="report", disable=not sys.stderr.isatty(), file=sys.stderr):
        report = Report(annotated.id, annotated.source, raw)
        truth = facts_of_gold(annotated)
        for tally, output in ((ours, extract(report, model) if model else None), (rules, baseline.extract(report))):
            if output is not None:
                tally.add(raw, truth, _inside(facts_of_output(output), annotated.parts))
    return (ours if model else None), rules


def _inside(facts: Facts, parts: tuple[tuple[int, int], ...]) -> Facts:
    if not parts:
        return facts

    def kept(start: int) -> bool:
        return any(a <= start < b for a, b in parts)

    return Facts(frozenset(s for s in facts.spans if kept(s[1])), {at: r for at, r in facts.records.items() if kept(at[0])})


def table(ours: Tally, rules: Tally) -> str:
    """The evaluation as Markdown."""
    intervals, base = ours.intervals(), rules.total.totals()
    rows = ["| score | model | 95 % interval | rules |", "| --- | --- | --- | --- |"]
    rows += [f"| {key} | {value:.3f} | {intervals[key][0]:.3f}–{intervals[key][1]:.3f} | {base[key]:.3f} |" for key, value in ours.total.totals().items()]
    rows += ["", "| label / argument | precision | recall | F1 | gold | rules F1 |", "| --- | --- | --- | --- | --- | --- |"]
    for kind in ("per_label", "per_argument"):
        other = getattr(rules.total, kind)()
        rows += [f"| {key} | {p:.3f} | {r:.3f} | {f:.3f} | {n} | {other.get(key, (0, 0, 0.0))[2]:.3f} |" for key, (p, r, f, n) in getattr(ours.total, kind)().items()]
    return "\n".join(rows) + "\n"


def note_test(model: Model, precision: str, tally: Tally, reports: int, path: Path = LEADERBOARD) -> None:
    """Adds a released model's test result, with 95 % intervals, to the leaderboard; what is already there keeps its first result."""
    board = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    if any((row["version"], row["precision"]) == (model.version, precision) for row in board):
        print(f"evaluate: version {model.version} ({precision}) is on the leaderboard already; its first result stays", file=sys.stderr)
        return
    intervals = tally.intervals()
    scores = {key: [round(value, 4), *(round(end, 4) for end in intervals[key])] for key, value in tally.total.totals().items()}
    board.append({"name": model.name, "version": model.version, "precision": precision, "when": datetime.now(UTC).isoformat(timespec="seconds"), "reports": reports, "values": tally.total.counts["gold"], **scores})
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(board, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infer.evaluate", description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n")[1])
    parser.add_argument("--model", type=Path, default=DEFAULT, help="model folder, default models/default")
    parser.add_argument("--precision", choices=("int8", "fp32"), default="int8")
    parser.add_argument("--gold", type=Path, nargs="+", help="gold files, .json or .jsonl")
    parser.add_argument("--texts", type=Path, help="folder of the gold files' raw texts, matched by sha256")
    parser.add_argument("--split", choices=("dev", "test"), default="dev", help="the repository's own split, when no --gold is given")
    args = parser.parse_args(argv)
    try:
        model = load(args.model, args.precision)
        gold = load_gold(args.gold or [store.DATA / f"{args.split}.jsonl"], args.texts)
    except (ModelError, SchemaError, OSError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    ours, rules = evaluate(gold, model)
    name = " ".join(str(g) for g in args.gold) if args.gold else f"{args.split} split"
    print(f"{model.name} {model.version} ({args.precision}) on {name}: {len(gold)} reports, {ours.total.counts['gold']} values\n")
    print(table(ours, rules))
    if not args.gold and args.split == "test":
        note_test(model, args.precision, ours, len(gold))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
