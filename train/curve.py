"""python -m train.curve : a learning curve, scored on the real dev gold of the external data folder; writes docs/learning_curve.json and .svg.

Trains the same reduced recipe (a part of the encoder's layers) on 25, 50 and 100 % of the reports, and on authored or real reports only, each
for as many steps: what helps most, and what to annotate next. A run that is in the JSON already, made with the same options from as many reports, is not done again.
"""

import argparse
import dataclasses
import json
from pathlib import Path

import matplotlib

from annotations import store
from annotations.schema import SchemaError, sha256_of
from annotations.score import Score, facts_of_gold
from corpus.characters import Characters
from corpus.external import ROOT, external_folder
from train.cli import fail
from train.config import TrainConfig
from train.data import Annotated, load_reports
from train.loop import fine_tune, predict
from train.model import IndicatorModel

matplotlib.use("svg")
RUNS = {"25 %": {"share": 0.25}, "50 %": {"share": 0.5}, "100 %": {}, "authored only": {"external": False}, "real only": {"authored": False}}
SHOWN = ("value_f1", "span_f1", "usable_f1", "record_f1")


def real_gold() -> list[Annotated]:
    """The real dev gold with its texts; FileNotFoundError when the external data folder is missing."""
    folder = external_folder()
    if folder is None:
        raise FileNotFoundError("the external data folder is missing; set ZHIBIAO_DATA")
    texts = {sha256_of(raw): raw for path in (folder / "seeds").glob("*.txt") for raw in [path.read_bytes().decode("utf-8")]}
    return [(texts[report.sha256], report) for path in sorted((folder / "dev-gold").glob("*.json")) for report in store.read(path)]


def plot(rows: dict[str, dict], path: Path) -> None:
    """Scores over the number of training characters."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    whole = [name for name in ("25 %", "50 %", "100 %") if name in rows]
    for key in SHOWN:
        (line,) = axes.plot([rows[n]["characters"] for n in whole], [rows[n]["scores"][key] for n in whole], marker="o", label=key)
        for name, marker in (("authored only", "^"), ("real only", "s")):
            if name in rows:
                axes.plot([rows[name]["characters"]], [rows[name]["scores"][key]], marker=marker, color=line.get_color(), linestyle="none")
    axes.set_xlabel("training characters (circles: both kinds, triangles: authored only, squares: real only)")
    axes.set_ylabel("F1 on two real reports")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def score_real(model: IndicatorModel, gold: list[Annotated], chars: Characters, size: int) -> dict[str, float]:
    """annotations.score's totals of a PyTorch model on real gold."""
    total = Score()
    for (_, report), found in zip(gold, predict(model, gold, chars, size)[0]):
        total.add(facts_of_gold(report), found)
    return total.totals()


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train.curve", description=__doc__.split("\n\n")[0])
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=5, help="over all reports; a smaller set is read as many times more")
    parser.add_argument("--base", default=TrainConfig.base)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "learning_curve.json")
    args = parser.parse_args(argv)
    rows = json.loads(args.out.read_text(encoding="utf-8")) if args.out.exists() else {}
    try:
        gold = real_gold()
        whole = sum(len(raw) for raw, _ in load_reports("train", TrainConfig())[0])
        for name, options in RUNS.items():
            config = TrainConfig(base=args.base, name="curve", layers=args.layers, **options)
            reports = load_reports("train", config)[0]
            characters = sum(len(raw) for raw, _ in reports)
            config = dataclasses.replace(config, epochs=round(args.epochs * whole / characters))
            if name in rows and (rows[name]["config"], rows[name]["characters"]) == (config.to_json(), characters):
                continue
            model, chars, _ = fine_tune(config, ROOT / "work" / f"curve {name}".replace(" ", "-").replace("%", "pc"))
            rows[name] = {"characters": characters, "reports": len(reports), "scores": score_real(model, gold, chars, config.window), "config": config.to_json()}
            args.out.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            print(name, {key: round(value, 3) for key, value in rows[name]["scores"].items()}, flush=True)
    except (SchemaError, OSError, KeyError, ValueError) as error:
        return fail("curve", error)
    plot(rows, args.out.with_suffix(".svg"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
