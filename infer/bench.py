"""python -m infer.bench [REPORT…] : characters per second, text in to records out, and where the time goes; ratios of one run are what counts."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from corpus.external import REPORTS
from corpus.read import ReadError
from corpus.report import Report
from infer.link import link
from infer.model import DEFAULT, Model, ModelError, load
from infer.records import extract_all
from infer.tagger import tag


def _seconds(job: Callable[[], object], rounds: int) -> float:
    """The best of some rounds: what the machine can do when nothing else disturbs it."""
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        job()
        best = min(best, time.perf_counter() - started)
    return best


def _times(model: Model, raws: list[Report], rounds: int) -> dict[str, float]:
    """Characters a second from raw text to records, and each step's time relative to that; steps overlap, so these may add up to more than 1."""

    def fresh() -> list[Report]:
        return [Report(report.id, report.source, report.raw) for report in raws]

    tagged = [tag(report.clean.text, model) for report in raws]
    whole = _seconds(lambda: list(extract_all(fresh(), model)), rounds)
    steps: dict[str, Callable[[], object]] = {
        "clean": lambda: [report.clean for report in fresh()],
        "tag": lambda: [tag(report.clean.text, model) for report in raws],
        "link": lambda: [link(report.clean.text, parts, model, report.title) for report, parts in zip(raws, tagged)],
    }
    shares = {f"{name}_share": round(_seconds(job, rounds) / whole, 3) for name, job in steps.items()}
    return {"characters_per_second": int(sum(len(report.raw) for report in raws) / whole), **shares}


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infer.bench", description=__doc__)
    parser.add_argument("reports", nargs="*", help="default: ten reports of corpus/reports")
    parser.add_argument("--model", type=Path, default=DEFAULT)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fp32", action="store_true", help="measure the fp32 file beside int8")
    args = parser.parse_args(argv)
    paths = args.reports or [str(path) for path in sorted(REPORTS.glob("*.txt"))[:10]]
    try:
        raws = [Report.load(path) for path in paths]
    except ReadError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    found: dict[str, object] = {"reports": len(raws), "characters": sum(len(report.raw) for report in raws)}
    for precision in ("int8", "fp32") if args.fp32 else ("int8",):
        try:
            found[precision] = _times(load(args.model, precision), raws, args.rounds)
        except ModelError as error:
            print(f"bench: {error}", file=sys.stderr)
            return 2
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
