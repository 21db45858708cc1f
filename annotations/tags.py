"""Spans ↔ BIO tags: the only BIO code. Scheme: Ramshaw & Marcus 1995 in its IOB2 form."""

from collections.abc import Iterable, Sequence

from annotations.schema import LABELS

TAGS = ("O", *(f"{prefix}-{label}" for label in LABELS for prefix in "BI"))
TAG_IDS = {tag: i for i, tag in enumerate(TAGS)}


def spans_to_tags(spans: Iterable[tuple[str, int, int]], length: int) -> list[str]:
    """[("COUNT", 1, 3)] over 4 characters → ["O", "B-COUNT", "I-COUNT", "O"]; ValueError when spans overlap or leave the text."""
    tags = ["O"] * length
    for label, start, end in spans:
        if not 0 <= start < end <= length:
            raise ValueError(f"{label} [{start}, {end}) is outside 0..{length}")
        if any(tag != "O" for tag in tags[start:end]):
            raise ValueError(f"{label} [{start}, {end}) overlaps another span")
        tags[start] = f"B-{label}"
        tags[start + 1 : end] = [f"I-{label}"] * (end - start - 1)
    return tags


def tags_to_spans(tags: Sequence[str]) -> list[tuple[str, int, int]]:
    """The inverse of `spans_to_tags`. An I without its B opens a span, as seqeval's default mode reads it."""
    spans: list[tuple[str, int, int]] = []
    start, label = 0, None
    for i, tag in enumerate([*tags, "O"]):
        goes_on = tag.startswith("I-") and tag[2:] == label
        if label is not None and not goes_on:
            spans.append((label, start, i))
            label = None
        if tag != "O" and not goes_on:
            start, label = i, tag[2:]
    return spans


def is_legal(before: str | None, tag: str) -> bool:
    """Whether a tag may follow another (None = start of text): an I only after B or I of its label."""
    return not tag.startswith("I-") or before is not None and before != "O" and before[2:] == tag[2:]
