"""python -m train [--name NAME] [--base FOLDER] … : fine-tune, export, calibrate; writes models/<name>/."""

import argparse
import dataclasses
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch

from annotations.schema import SchemaError
from corpus.external import ROOT
from train.config import TrainConfig
from train.data import load_reports, rows_of
from train.export import export
from train.loop import fine_tune


def add_fields(parser: argparse.ArgumentParser) -> None:
    """One option a field of TrainConfig, and those that every fine-tuning has."""
    for field in dataclasses.fields(TrainConfig):
        name = "--" + field.name.replace("_", "-")
        if field.type is bool:
            parser.add_argument(name, action=argparse.BooleanOptionalAction, default=field.default)
        else:
            parser.add_argument(name, type=field.type, default=field.default)
    parser.add_argument("--models", type=Path, default=ROOT / "models", help="where the model folder is made")
    parser.add_argument("--resume", action="store_true", help="go on after the last whole epoch of the same name")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads, 0 = all")


def config_of(args: argparse.Namespace) -> TrainConfig:
    """The configuration that the options ask for."""
    return TrainConfig(**{field.name: getattr(args, field.name) for field in dataclasses.fields(TrainConfig)})


def finish(config: TrainConfig, args: argparse.Namespace, taught: Sequence[dict] = (), more: dict | None = None) -> int:
    """Fine-tunes, exports and calibrates; `more` is noted in run.json. Returns the exit code."""
    if args.threads:
        torch.set_num_threads(args.threads)
    folder = args.models / config.name
    if config.init and folder.resolve() in [Path(path).resolve() for path in config.init.split(",")]:
        raise ValueError(f"--name {config.name}: is the folder to go on from, the new model would replace it; give another name")
    model, chars, history = fine_tune(config, ROOT / "work" / config.name, args.resume, taught=taught)
    dev = load_reports("dev", TrainConfig())[0]
    sample = [row["input_ids"] for raw, report in dev[:4] for row in list(rows_of(raw, report, chars, config.window, Counter()))[:5]]
    run = export(model, chars, config, {**history, **(more or {})}, folder, sample)
    print(f"{folder}: {run['version']}, {run['parameters'] / 1e6:.1f} M parameters, {(folder / 'tagger.int8.onnx').stat().st_size / 1e6:.1f} MB int8", flush=True)
    # infer and train never import each other: they meet at the model folder
    return subprocess.run([sys.executable, "-m", "infer.calibrate", str(folder)], cwd=ROOT, check=False).returncode


def fail(command: str, error: Exception) -> int:
    """Says in one line what went wrong; returns the exit code."""
    print(f"{command}: " + " ".join(str(error).split()), file=sys.stderr)
    return 2


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    add_fields(parser)
    args = parser.parse_args(argv)
    try:
        return finish(config_of(args), args)
    except (SchemaError, OSError, RuntimeError, ValueError) as error:
        return fail("train", error)
