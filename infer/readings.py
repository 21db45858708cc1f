"""python -m infer.readings [--split train|dev|test] : quantities and periods as the grammars read them, against what annotators read.

A quantity is right when number, low, high, bound and unit are; ratios and fractions within what a reader rounds to. A period is right when both days are.
"""

import argparse
import math
import sys
from collections.abc import Iterable
from pathlib import Path

from annotations import store
from annotations.schema import AnnotatedReport, Quantity, SchemaError
from corpus.report import Report
from corpus.text import clean
from infer import periods, values

ROUNDED = 2e-3  # 1:1.3 is written 0.769 by one reader and 0.769231 by another


def same(read: Quantity, gold: Quantity) -> bool:
    """Whether two readings of a quantity agree in every field."""
    fraction = gold.unit in (":", None) and gold.number is not None and gold.number != round(gold.number, 1)
    tolerance = ROUNDED if fraction else 1e-6

    def close(a: float | None, b: float | None) -> bool:
        return a == b or (a is not None and b is not None and math.isclose(a, b, rel_tol=tolerance))

    return read.bound == gold.bound and (read.unit or None) == (gold.unit or None) and all(close(getattr(read, f), getattr(gold, f)) for f in ("number", "low", "high"))


def wrong_readings(reports: Iterable[tuple[str, AnnotatedReport]]) -> tuple[int, list[str], int, list[str]]:
    """Number of quantities, the wrong ones, number of periods, the wrong ones, each as a line to read."""
    quantities, bad_quantities, days, bad_days = 0, [], 0, []
    for raw, report in reports:
        text, by_id = clean(raw), report.by_id()
        for value in report.values:
            if value.quantity:
                span = by_id[value.span]
                words = text.text[slice(*text.from_raw(span.start, span.end))]
                read = values.parse(words, span.label)
                quantities += 1
                if not same(read, value.quantity):
                    bad_quantities.append(f"{report.id} {words!r}: read {read}, gold {value.quantity}")
        spans = sorted((s for s in report.spans if s.label == "PERIOD"), key=lambda s: s.start)
        places = [text.from_raw(s.start, s.end) for s in spans]
        year = report.meta.get("year")
        for span, place, read in zip(spans, places, periods.parse_all(places, text.text, year if isinstance(year, int) else None, Report(report.id, report.source, raw).title)):
            if span.interval:
                days += 1
                if read != span.interval:
                    bad_days.append(f"{report.id} {text.text[slice(*place)]!r}: read {read}, gold {span.interval}")
    return quantities, bad_quantities, days, bad_days


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infer.readings", description=__doc__)
    parser.add_argument("--split", choices=(*store.SPLITS, "external"), default="dev")
    parser.add_argument("--wrong", action="store_true", help="print every wrong reading")
    args = parser.parse_args(argv)
    if args.wrong and args.split == "test":
        parser.error("the test split is not for looking at; use train, dev or external")
    path: Path = store.DATA / f"{args.split}.jsonl"
    try:
        quantities, bad_quantities, days, bad_days = wrong_readings(store.load(path))
    except (SchemaError, OSError) as error:
        print(f"readings: {error}", file=sys.stderr)
        return 2
    if args.wrong:
        print("\n".join([*bad_quantities, *bad_days]))
    print(f"{args.split}: {quantities - len(bad_quantities)} of {quantities} quantities right ({1 - len(bad_quantities) / max(1, quantities):.4f}), {days - len(bad_days)} of {days} periods ({1 - len(bad_days) / max(1, days):.4f})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
