"""Clean text → labelled spans with confidences: windows batched by length, one pass of the encoder, Viterbi over legal BIO paths."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np

from annotations.candidates import LabelledSpan
from annotations.decode import log_softmax, spans_of
from corpus.sentences import Window, windows
from infer.model import Model, run_tagger

BATCH_TOKENS = 1024  # tokens of one batch, padding included: small enough for a core's cache


@dataclass(frozen=True)
class Tagged:
    """One window: its spans (clean offsets of the whole text), their confidences, and the states of their first and last characters [S, H]."""

    window: Window
    spans: list[LabelledSpan]
    confidences: list[float]
    first: np.ndarray
    last: np.ndarray


@dataclass(frozen=True)
class Tagging:
    """A text being tagged by the model's threads."""

    batches: list[Future[list[tuple[int, Tagged]]]]

    def result(self) -> list[Tagged]:
        """The windows in order, when all are done."""
        return [tagged for _, tagged in sorted((row for batch in self.batches for row in batch.result()), key=lambda row: row[0])]


def start(text: str, model: Model) -> Tagging:
    """Has a clean text tagged; the caller can work on something else meanwhile."""
    found = list(windows(text, model.run["window"]))

    def run(batch: list[int]) -> list[tuple[int, Tagged]]:
        pieces = [text[found[i].start : found[i].end] for i in batch]
        states, logits = run_tagger(model, _ids(pieces, model))
        return [(i, _read(found[i], pieces[row], states[row], logits[row])) for row, i in enumerate(batch)]

    return Tagging([model.threads.submit(run, batch) for batch in _batches([w.end - w.start for w in found])])


def tag(text: str, model: Model) -> list[Tagged]:
    """The spans of a clean text, window by window in order. Spans outside a window's core are kept, for linking; the caller drops them as entities."""
    return start(text, model).result()


def _read(window: Window, piece: str, states: np.ndarray, logits: np.ndarray) -> Tagged:
    spans = spans_of(log_softmax(logits[1 : len(piece) + 1]), piece)
    first = np.array([start + 1 for _, start, _, _ in spans], dtype=np.int64)
    last = np.array([end for _, _, end, _ in spans], dtype=np.int64)
    placed = [LabelledSpan(label, window.start + start, window.start + end) for label, start, end, _ in spans]
    return Tagged(window, placed, [confidence for *_, confidence in spans], states[first], states[last])


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Window numbers by length, so many to a batch that it holds at most BATCH_TOKENS tokens."""
    found: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda n: lengths[n]):
        if found and (len(found[-1]) + 1) * (lengths[i] + 2) <= BATCH_TOKENS:
            found[-1].append(i)
        else:
            found.append([i])
    return found


def _ids(pieces: Sequence[str], model: Model) -> np.ndarray:
    chars = model.characters
    ids = np.full((len(pieces), max(map(len, pieces)) + 2), chars.pad, dtype=np.int64)
    for row, piece in enumerate(pieces):
        ids[row, : len(piece) + 2] = [chars.cls, *chars.encode(piece), chars.sep]
    return ids
