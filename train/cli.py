"""python -m train [--name NAME] [--base FOLDER] … : fine-tune, export, calibrate; writes models/<name>/."""

import argparse
import dataclasses
import subprocess
import sys
from collections import Counter
from pathlib import Path

import torch

from annotations.schema import SchemaError
from corpus.external import ROOT
from train.config import TrainConfig
from train.data import load_reports, rows_of
from train.export import export
from train.loop import fine_tune


def parser() -> argparse.ArgumentParser:
    """One option a field of TrainConfig."""
    made = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    for field in dataclasses.fields(TrainConfig):
        name = "--" + field.name.replace("_", "-")
        if field.type is bool:
            made.add_argument(name, action=argparse.BooleanOptionalAction, default=field.default)
        else:
            made.add_argument(name, type=field.type, default=field.default)
    made.add_argument("--models", type=Path, default=ROOT / "models", help="where the model folder is made")
    made.add_argument("--resume", action="store_true", help="go on after the last whole epoch of the same name")
    made.add_argument("--threads", type=int, default=0, help="CPU threads, 0 = all")
    return made


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    args = parser().parse_args(argv)
    config = TrainConfig(**{field.name: getattr(args, field.name) for field in dataclasses.fields(TrainConfig)})
    if args.threads:
        torch.set_num_threads(args.threads)
    folder = args.models / config.name
    try:
        model, chars, history = fine_tune(config, ROOT / "work" / config.name, args.resume)
        dev = load_reports("dev", TrainConfig())[0]
        sample = [row["input_ids"] for raw, report in dev[:4] for row in list(rows_of(raw, report, chars, config.window, Counter()))[:5]]
        run = export(model, chars, config, history, folder, sample)
    except (SchemaError, OSError, RuntimeError, ValueError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    print(f"{folder}: {run['version']}, {run['parameters'] / 1e6:.1f} M parameters, {(folder / 'tagger.int8.onnx').stat().st_size / 1e6:.1f} MB int8", flush=True)
    # infer and train never import each other: they meet at the model folder
    return subprocess.run([sys.executable, "-m", "infer.calibrate", str(folder)], cwd=ROOT, check=False).returncode
