"""python -m train.compare --encoder NAME=FOLDER … [--seeds 3] : encoders compared by what the same fine-tuning makes of them on real gold.

Fine-tunes every encoder once a seed, scores it on the dev gold of the external data folder, and measures the encoder itself: perplexity of
its masked-character head on held-out text, parameters, int8 size and speed. Writes docs/encoders.json, kept and continued, and the table docs/encoders.md.
`NAME=random:FOLDER` takes the folder's shape with random weights; a model folder, such as a distilled student, goes on from its own weights and layers.
"""

import argparse
import dataclasses
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tqdm import tqdm
from transformers import BertForMaskedLM

from annotations.schema import SchemaError
from corpus.external import ROOT
from train.cli import fail
from train.config import TrainConfig
from train.curve import real_gold, score_real
from train.data import load_reports, rows_of
from train.export import export
from train.loop import fine_tune
from train.model import characters_of
from train.pretrain import Objective, PretrainConfig, evaluate, held_out_batches
from train.rawtext import encode

SHOWN = ("span_f1", "usable_f1", "record_f1", "value_f1")
ROUNDS = 3


def perplexity(base: str, text: Path) -> float | None:
    """Of masked runs of characters in the held-out documents of a text file, by the whole encoder, whatever `--layers` keeps of it; None for one saved without its masked-character head."""
    model, info = BertForMaskedLM.from_pretrained(base, output_loading_info=True)
    if any(name.startswith("cls.predictions.transform") for name in info["missing_keys"]):
        return None
    chars = characters_of(base)
    held = held_out_batches(encode([(text, 1.0)], chars, None, held_only=True), chars, PretrainConfig(), 6)
    return evaluate(Objective(model.float().eval(), 0), held)["perplexity"]


def speed(tagger: Path, windows: list[list[int]]) -> int:
    """Characters a second through an ONNX tagger: windows of real length, four to a batch, one thread a batch, two side by side; the best of some rounds."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(tagger), options, providers=["CPUExecutionProvider"])
    windows = sorted(windows, key=len)
    batches = [np.array([(w + [0] * len(b[-1]))[: len(b[-1])] for w in b], dtype=np.int64) for b in (windows[i : i + 4] for i in range(0, len(windows), 4))]
    best = 0.0
    with ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS):
            started = time.perf_counter()
            list(pool.map(lambda ids: session.run(None, {"ids": ids, "attention": np.ones_like(ids)}), batches))
            best = max(best, sum(map(len, windows)) / (time.perf_counter() - started))
    return int(best)


def config_of(folder: str, epochs: int, layers: int) -> tuple[TrainConfig, str]:
    """The fine-tuning that `NAME=FOLDER` asks for, and the version of a model folder ("" for an encoder); ValueError when its run.json cannot be read."""
    path = folder.removeprefix("random:")
    made = TrainConfig(name="compare", base=path, epochs=epochs, layers=layers, random_encoder=path != folder)
    if not Path(path, "run.json").is_file():
        return made, ""
    if made.random_encoder:
        raise ValueError(f"{folder}: is a model folder; random weights take the shape of an encoder's folder, such as models/base")
    try:
        run = json.loads(Path(path, "run.json").read_text(encoding="utf-8"))
        return dataclasses.replace(made, base=run["config"]["base"], init=path, layers=0), run["version"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}/run.json: not that of a model folder ({type(error).__name__}: {error}); give one that `python -m train` made") from None


def measure(name: str, config: TrainConfig, row: dict, seeds: int, text: Path | None, save: Callable[[], None]) -> None:
    """Adds what is missing of one encoder to its row, calling `save` after every run."""
    gold = real_gold()
    for seed in range(seeds):
        if str(seed) in row["seeds"]:
            continue
        run = dataclasses.replace(config, seed=seed, name=f"compare-{name}-{seed}")
        model, chars, history = fine_tune(run, ROOT / "work" / run.name)
        row["seeds"][str(seed)] = score_real(model, gold, chars, run.window)
        row["reports"] = history["reports"]["train"]
        save()
        if "int8_megabytes" not in row:
            windows = [r["input_ids"] for raw, report in load_reports("dev", TrainConfig())[0] for r in rows_of(raw, report, chars, run.window, Counter())]
            folder = ROOT / "work" / run.name / "export"
            made = export(model, chars, run, history, folder, windows[:10])
            tagger = folder / "tagger.int8.onnx"
            row |= {"parameters": made["parameters"], "layers": made["encoder"]["num_hidden_layers"], "hidden": made["encoder"]["hidden_size"]}
            row |= {"int8_megabytes": tagger.stat().st_size / 1e6, "characters_per_second": speed(tagger, windows)}
        save()
        print(name, seed, {key: round(row["seeds"][str(seed)][key], 3) for key in SHOWN}, flush=True)
    if text and "perplexity" not in row and not config.random_encoder and not config.init:
        row["perplexity"] = perplexity(config.base, text)
        save()


def table(rows: dict[str, dict]) -> str:
    """The comparison as Markdown: mean over the seeds, with the standard deviation where there are several."""
    lines = ["| encoder | shape | parameters | int8 | characters a second | perplexity | reports × epochs | seeds | " + " | ".join(SHOWN) + " |", "| --- " * (8 + len(SHOWN)) + "|"]
    for name, row in rows.items():
        if not row["seeds"]:
            continue  # nothing is known of it yet
        scores = []
        for key in SHOWN:
            found = [seed[key] for seed in row["seeds"].values()]
            scores.append(f"{statistics.mean(found):.3f}" + (f" ± {statistics.stdev(found):.3f}" if len(found) > 1 else ""))
        odd = f"{row['perplexity']:.1f}" if row.get("perplexity") else "–"
        shape = "– | – | – | –"  # its export was refused: the scores stand all the same
        if "int8_megabytes" in row:
            shape = f"{row['layers']} × {row['hidden']} | {row['parameters'] / 1e6:.1f} M | {row['int8_megabytes']:.1f} MB | {row['characters_per_second']}"
        lesson = f"{row['reports']} × {row['config']['epochs']}"
        lines.append(f"| {name} | {shape} | {odd} | {lesson} | {len(row['seeds'])} | {' | '.join(scores)} |")
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train.compare", description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n")[1])
    parser.add_argument("--encoder", nargs="+", default=[], metavar="NAME=FOLDER", help="none: only the table is made again")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=TrainConfig.epochs)
    parser.add_argument("--layers", type=int, default=0, help="layers kept of every encoder, 0 = all (a model folder keeps its own)")
    parser.add_argument("--text", type=Path, help="raw text for the perplexity (its held-out documents)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "encoders.json")
    args = parser.parse_args(argv)
    rows: dict[str, dict] = {}

    def save() -> None:
        args.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        args.out.with_suffix(".md").write_text("# Encoders compared\n\n" + __doc__.split("\n\n")[1].replace("\n", " ") + "\n\n" + table(rows), encoding="utf-8")

    try:
        if args.out.exists():
            rows |= json.loads(args.out.read_text(encoding="utf-8"))
        if args.text and not args.text.is_file():
            raise ValueError(f"{args.text}: no such text file")
        for said in tqdm(args.encoder, unit="encoder", disable=not sys.stderr.isatty()):
            name, equals, folder = said.partition("=")
            if not equals:
                raise ValueError(f"{said}: write NAME=FOLDER")
            config, version = config_of(folder, args.epochs, args.layers)
            row = rows.setdefault(name, {"config": config.to_json(), "version": version, "seeds": {}})
            if (row["config"], row.get("version", "")) != (config.to_json(), version):
                raise ValueError(f"{name}: was measured with other options or weights before; give another NAME or take it out of {args.out}")
            measure(name, config, row, args.seeds, args.text, save)
        save()
    except (SchemaError, OSError, KeyError, RuntimeError, ValueError) as error:
        return fail("compare", error)
    print(table(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
