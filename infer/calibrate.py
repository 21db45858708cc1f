"""python -m infer.calibrate MODEL : link thresholds, doubt of unannounced plans and confidence curves of a model folder, fitted on the dev split, into its run.json."""

import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np

from annotations import store
from annotations.decode import THRESHOLDS
from annotations.schema import AnnotatedReport, SchemaError
from annotations.score import Facts, Score, facts_of_gold, facts_of_output
from corpus.external import REPORTS
from corpus.report import Report
from infer.link import link
from infer.model import Model, ModelError, load
from infer.records import assemble, calibrated
from infer.tagger import Tagged, tag

GRID = (0.3, 0.4, 0.5, 0.6, 0.7)
BIASES = (0.0, 1.0, 2.0, 3.0, 4.0)


def fit_logistic(certainties: np.ndarray, right: np.ndarray, rounds: int = 50) -> list[float]:
    """Platt scaling: [slope, intercept] of the chance of being right over the logit of a log probability, by damped Newton steps with a small ridge."""
    clipped = np.minimum(certainties, -1e-6)
    x = np.stack([clipped - np.log(-np.expm1(clipped)), np.ones_like(clipped)], 1)
    prior, ridge = np.array([1.0, 0.0]), np.array([1e-2, 1e-3])

    def loss(weights: np.ndarray) -> float:
        z = x @ weights
        return float(np.logaddexp(0, z).sum() - right @ z + 0.5 * ridge @ (weights - prior) ** 2)

    weights = prior.copy()
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (p - right) + ridge * (weights - prior)
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + np.diag(ridge), gradient)
        size = 1.0
        while size > 1e-8 and loss(weights - size * step) > loss(weights):
            size /= 2  # a full Newton step may overshoot where nearly all are right
        weights = weights - size * step
    return [float(w) for w in weights]


def expected_error(probabilities: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over equal-width bins (Naeini et al. 2015)."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    return float(sum(abs(probabilities[place == b].mean() - right[place == b].mean()) * (place == b).mean() for b in range(bins) if (place == b).any()))


def _dev() -> list[tuple[str, AnnotatedReport]]:
    """The authored dev reports, and the real ones whose text is at hand."""
    found = list(store.load(store.DATA / "dev.jsonl"))
    external = store.DATA / "external.jsonl"
    if external.exists():
        found += [(raw, report) for raw, report in store.load(external) if report.meta.get("split") == "dev" and not report.parts]
    return found


def calibrate(model: Model) -> dict:
    """Chooses thresholds by record F1, one relation after another, then fits the curves; returns what goes into run.json."""
    gold = [(Report(report.id, report.source, raw), facts_of_gold(report)) for raw, report in _dev()]
    if not gold:
        raise SchemaError("no dev reports to calibrate on; annotations/data/dev.jsonl is empty")
    tagged = [tag(report.clean.text, model) for report, _ in gold]

    def outputs() -> list[tuple[dict, list]]:
        found = []
        for (report, _), parts in zip(gold, tagged):
            entities, linked = link(report.clean.text, parts, model, report.title)
            found.append((assemble(report, entities, linked, {"name": "", "version": ""}, None), linked))
        return found

    def merit() -> float:
        total = Score()
        for (_, facts), (output, _) in zip(gold, outputs()):
            total.add(facts, facts_of_output(output))
        totals = total.totals()
        return totals["record_f1"] + 0.5 * totals["arg_f1"]

    model.run["thresholds"] = dict(THRESHOLDS)
    for relation in ("of", "by", "in", "under", "during"):
        scored = []
        for threshold in GRID:
            model.run["thresholds"][relation] = threshold
            scored.append((merit(), -abs(threshold - 0.5), threshold))
        model.run["thresholds"][relation] = max(scored)[2]
    model.run["plan_bias"] = _plan_bias(model, gold, tagged)
    return {"thresholds": model.run["thresholds"], "plan_bias": model.run["plan_bias"], "calibration": _curves(gold, outputs())}


def _plan_bias(model: Model, gold: list[tuple[Report, Facts]], tagged: list[list[Tagged]]) -> float:
    """How much an unannounced plan is doubted: the strongest doubt whose role accuracy is within one standard error of the best (Breiman et al. 1984).

    Passages without their headings are left out: in them an unannounced plan is the rule.
    """
    whole = [(report, facts, parts) for (report, facts), parts in zip(gold, tagged) if (REPORTS / report.source).is_file()]
    accuracy, count = {}, 0
    for bias in BIASES:
        model.run["plan_bias"] = bias
        right = []
        for report, facts, parts in whole:
            for value in link(report.clean.text, parts, model, report.title)[1]:
                true = facts.records.get(report.clean.to_raw(value.span.start, value.span.end))
                if true is not None:
                    right.append(true.role == value.role)
        accuracy[bias], count = sum(right) / max(1, len(right)), len(right)  # a model that finds no value has nothing to doubt
    best = max(accuracy.values())
    error = math.sqrt(best * (1 - best) / max(1, count))
    return max(bias for bias, reached in accuracy.items() if reached >= best - error)


def _curves(gold: list[tuple[Report, Facts]], found: list[tuple[dict, list]]) -> dict:
    values, value_right, records, record_right = [], [], [], []
    for (_, facts), (output, linked) in zip(gold, found):
        said = facts_of_output(output).records
        for value, (at, record) in zip(linked, sorted(said.items())):
            true = facts.records.get(at)
            values.append(math.log(max(value.confidence, 1e-6)))
            value_right.append(true is not None and true.label == record.label)
            records.append(value.certainty)
            record_right.append(true == record)
    curves = {}
    for name, certain, right in (("value", values, value_right), ("record", records, record_right)):
        certain, right = np.array(certain), np.array(right, dtype=float)
        fitted = fit_logistic(certain, right)
        p = np.array([calibrated(c, fitted) for c in certain])
        curves[name] = fitted
        curves[f"{name}_ece"] = round(expected_error(p, right), 4)
        curves[f"{name}_count"] = len(right)
    return curves


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infer.calibrate", description=__doc__)
    parser.add_argument("model", type=Path)
    args = parser.parse_args(argv)
    try:
        model = load(args.model)
        fitted = calibrate(model)
    except (ModelError, SchemaError, OSError) as error:
        print(f"calibrate: {error}", file=sys.stderr)
        return 2
    run = json.loads((args.model / "run.json").read_text(encoding="utf-8")) | fitted
    part = args.model / "run.part"
    part.write_text(json.dumps(run, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(args.model / "run.json")
    print(json.dumps(fitted))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
