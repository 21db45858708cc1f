"""Headings, sentences and windows of a clean text, all as half-open ranges of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

SENTENCE = re.compile(r"[^\n。！？!?]*(?:[。！？!?]+[”’』」)\"]*|\n|$)")
WINDOW = 254  # characters of several sentences read together: context without slow attention
LONGEST = 510  # characters of one sentence read whole; BERT has 512 positions, two go to [CLS] and [SEP]
OVERLAP = 128


@dataclass(frozen=True)
class Window:
    """What the model reads at once, [start, end); only spans that begin in [core_start, core_end) are taken from it."""

    start: int
    end: int
    core_start: int
    core_end: int


def sentences(text: str) -> list[tuple[int, int]]:
    """Sentences and headings in order, white space at both ends left out: `甲。乙\\n` → [(0, 2), (2, 3)]."""
    found = []
    for match in SENTENCE.finditer(text):
        start, end = match.span()
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if start < end:
            found.append((start, end))
    return found


def sentence_at(ranges: list[tuple[int, int]], position: int) -> tuple[int, int]:
    """The sentence that holds a position; the nearest one before it when it stands between two."""
    best = ranges[0] if ranges else (position, position)
    for start, end in ranges:
        if start > position:
            break
        best = (start, end)
    return best


def windows(text: str, limit: int = WINDOW, longest: int = LONGEST, overlap: int = OVERLAP) -> Iterator[Window]:
    """Whole sentences packed up to `limit` characters, cut at the end of a paragraph where one lies in the second half of the window.

    A sentence above `longest` is cut with `overlap` characters shared by neighbours. The cores are disjoint and hold every
    sentence, so nothing is read twice or lost.
    """
    held: list[tuple[int, int]] = []
    for a, b in sentences(text):
        while held and b - held[0][0] > limit:
            cut = _paragraph_start(text, [*held, (a, b)], limit)
            yield Window(held[0][0], held[cut - 1][1], held[0][0], held[cut - 1][1])
            held = held[cut:]
        if b - a > longest:
            yield from _cut(a, b, longest, overlap)
        else:
            held.append((a, b))
    if held:
        yield Window(held[0][0], held[-1][1], held[0][0], held[-1][1])


def _paragraph_start(text: str, held: list[tuple[int, int]], limit: int) -> int:
    """How many of the held sentences (the last one does not fit) make the window: up to the last paragraph border that leaves it half full."""
    for n in range(len(held) - 1, 0, -1):
        if held[n - 1][1] - held[0][0] < limit // 2:
            break
        if "\n" in text[held[n - 1][1] : held[n][0]]:
            return n
    return len(held) - 1


def _cut(start: int, end: int, longest: int, overlap: int) -> Iterator[Window]:
    at = start
    while True:
        stop = min(at + longest, end)
        core_start = at if at == start else at + overlap // 2
        core_end = stop if stop == end else stop - overlap + overlap // 2
        yield Window(at, stop, core_start, core_end)
        if stop == end:
            return
        at = stop - overlap
