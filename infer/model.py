"""A model folder on disk → ONNX Runtime sessions, checked before anything is read: complete, unaltered, of this schema."""

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort

from annotations.fields import other_fields
from annotations.schema import SCHEMA_VERSION
from corpus.characters import Characters

MODELS = Path(__file__).resolve().parent.parent / "models"
DEFAULT = MODELS / "default"
FILES = {"int8": ("tagger.int8.onnx", "heads.onnx"), "fp32": ("tagger.onnx", "heads.onnx")}


class ModelError(ValueError):
    """A model folder that cannot be used; the message is one line that says what is wrong and what to do."""


@dataclass(frozen=True)
class Model:
    """A loaded model: its run.json, characters, the two ONNX sessions, and the threads that read batches side by side."""

    folder: Path
    run: dict
    characters: Characters
    tagger: ort.InferenceSession
    heads: ort.InferenceSession
    threads: ThreadPoolExecutor

    @property
    def name(self) -> str:
        """The name it was trained under."""
        return self.run["name"]

    @property
    def version(self) -> str:
        """A short hash of its weights."""
        return self.run["version"]


def load(folder: Path = DEFAULT, precision: str = "int8") -> Model:
    """Opens a model folder; ModelError when it is missing, incomplete, altered or of another schema version."""
    run = read_run(folder)
    for name in FILES[precision]:
        path = folder / name
        if not path.is_file():
            raise ModelError(f"{folder}: {name} is missing; the model folder is incomplete, restore or retrain it")
        if hashlib.sha256(path.read_bytes()).hexdigest() != run["files"].get(name):
            raise ModelError(f"{folder}: {name} is not the file that run.json describes (sha256 differs); restore or retrain the model")
    try:
        characters = Characters.load(folder / "vocab.txt")
        sessions = [_session(folder / name) for name in FILES[precision]]
    except FileNotFoundError:
        raise ModelError(f"{folder}: vocab.txt is missing; the model folder is incomplete, restore or retrain it") from None
    except Exception as error:  # ONNX Runtime raises its own kinds for a file it cannot read
        raise ModelError(f"{folder}: cannot be loaded ({str(error).splitlines()[0][:200]}); restore or retrain the model") from None
    return Model(folder, run, characters, *sessions, ThreadPoolExecutor(_cores(), "tagger"))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # Linux only


def read_run(folder: Path) -> dict:
    """run.json of a model folder, checked against this program's labels; ModelError otherwise."""
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such model folder; give one with --model, or restore models/default")
    try:
        run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{folder}: run.json is missing; this is no model folder, or an incomplete one") from None
    except (json.JSONDecodeError, UnicodeDecodeError, OSError) as error:
        raise ModelError(f"{folder}: run.json cannot be read ({error}); restore or retrain the model") from None
    if not isinstance(run, dict) or run.get("schema") != SCHEMA_VERSION:
        raise ModelError(f"{folder}: made for schema version {run.get('schema') if isinstance(run, dict) else None}, this program reads {SCHEMA_VERSION}; retrain the model")
    for key in other_fields(run):
        raise ModelError(f"{folder}: its {key} are not this program's; retrain the model")
    missing = {"name", "version", "files", "window"} - run.keys()
    if missing:
        raise ModelError(f"{folder}: run.json lacks {', '.join(sorted(missing))}; restore or retrain the model")
    return run


def _session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # a batch a thread keeps the cores busier than all threads on one batch
    options.log_severity_level = 3
    options.enable_mem_pattern = False  # batches differ in shape: patterns would only hold memory
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run_tagger(model: Model, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Token ids [B, L] (padded) → states [B, L, H] and tag logits [B, L, len(TAGS)], float32."""
    states, logits = model.tagger.run(["states", "logits"], {"ids": ids, "attention": (ids != model.characters.pad).astype(np.int64)})
    return states, logits


def run_heads(model: Model, first: np.ndarray, last: np.ndarray, labels: np.ndarray, pairs: np.ndarray, features: np.ndarray, hints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last states of S spans [S, H], labels [S], pairs [P, 3], features [P, F], plan hints [S] → link logits [P], role + direction logits [S, 8]."""
    count = len(labels)
    feed = {
        "states": np.concatenate([first, last]),
        "first": np.arange(count, dtype=np.int64),
        "last": np.arange(count, 2 * count, dtype=np.int64),
        "label": labels.astype(np.int64),
        "value": pairs[:, 0].astype(np.int64),
        "argument": pairs[:, 1].astype(np.int64),
        "relation": pairs[:, 2].astype(np.int64),
        "features": features.astype(np.int64),
        "hints": hints.astype(np.int64),
    }
    links, kinds = model.heads.run(["links", "kinds"], feed)
    return links, kinds
