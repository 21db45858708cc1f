"""Annotated reports → a datasets.DatasetDict of windows → tensors. Counts what was cut or lost on the way."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import torch
from datasets import Dataset, DatasetDict

from annotations import store
from annotations.candidates import FEATURE_SIZES, RELATIONS, LabelledSpan, pairs_of
from annotations.schema import DIRECTIONS, LABELS, ROLES, VALUE_LABELS, AnnotatedReport
from annotations.tags import TAG_IDS, spans_to_tags
from corpus.characters import Characters
from corpus.plans import Plans
from corpus.report import Report
from corpus.sentences import Window, windows
from corpus.text import CleanText
from train.config import TrainConfig
from train.model import NO_DIRECTION, Batch, Soft

Annotated = tuple[str, AnnotatedReport]


def load_reports(split: str, config: TrainConfig) -> tuple[list[Annotated], list[str]]:
    """The (raw, annotations) of a split, as the config asks, and the ids of external reports whose text is not at hand."""
    found: list[Annotated] = []
    absent: list[str] = []
    if config.authored:
        found += store.load(store.DATA / f"{split}.jsonl")
    external = store.DATA / "external.jsonl"
    if config.external and split != "test" and external.exists():
        found += [(raw, report) for raw, report in store.load(external) if report.meta.get("split", "train") == split]
        absent = store.missing(external)
    if split == "train" and config.share < 1:
        order = sorted(found, key=lambda pair: pair[1].id)
        random.Random(config.seed).shuffle(order)
        found = order[: max(1, round(config.share * len(order)))]
    return found, absent


def windows_of(text: CleanText, report: AnnotatedReport, size: int) -> list[Window]:
    """The windows of a report; of a report annotated in part, those that lie inside the parts."""
    found = list(windows(text.text, size))
    if not report.parts:
        return found
    inside = [text.from_raw(*part) for part in report.parts]
    return [w for w in found if any(a <= w.start and w.end <= b for a, b in inside)]


def rows_of(raw: str, report: AnnotatedReport, chars: Characters, size: int, lost: Counter[str]) -> Iterator[dict]:
    """One row a window: ids, tags, spans [start, end, label], values [span, role, direction], links [value, argument, relation].

    Spans outside the core of a cut sentence are tagged too, and can be pointed at; values speak in their core only. A span that a
    window cuts, and a link whose end lies in another window, are left out and counted in `lost`.
    """
    whole = Report(report.id, report.source, raw)
    text = whole.clean
    plans = Plans(text.text, whole.title)
    excerpt = report.meta.get("genre") is None  # a passage without its headings: an unmarked plan cannot be told from a result
    by_id = report.by_id()
    place = {}
    for span in report.spans:
        start, end = text.from_raw(span.start, span.end)
        if start >= end:
            lost["span that cleaning removed"] += 1
            continue
        if text.to_raw(start, end) != (span.start, span.end):
            lost["span border moved by cleaning"] += 1
        place[span.id] = LabelledSpan(span.label, start, end)
    for window in windows_of(text, report, size):
        here = {i: s for i, s in place.items() if window.start <= s.start and s.end <= window.end}
        lost["span cut by a window"] += sum(window.core_start <= s.start < window.core_end and s.end > window.end for s in place.values())
        order = sorted(here, key=lambda i: here[i].start)
        index = {i: n for n, i in enumerate(order)}
        piece = text.text[window.start : window.end]
        tags = spans_to_tags([(here[i].label, here[i].start - window.start, here[i].end - window.start) for i in order], len(piece))
        values, links = [], []
        for value in report.values:
            if value.span not in index or not window.core_start <= place[value.span].start < window.core_end:
                continue
            direction = DIRECTIONS.index(value.direction) if value.direction else NO_DIRECTION
            unclear = excerpt and value.role == "target" and not plans.hint(place[value.span].start)
            lost["role of an unmarked plan in an excerpt"] += unclear
            values.append([index[value.span], -100 if unclear else ROLES.index(value.role), direction])
            for relation, ids in (*value.arguments.items(), ("vs", value.versus), ("change_of", value.change_of)):
                for target in ids:
                    if target in index:
                        links.append([index[value.span], index[target], RELATIONS.index(relation)])
                    else:
                        lost[f"{relation} link into another window"] += 1
        yield {
            "report": report.id,
            "start": window.start,
            "text": piece,
            "input_ids": chars.encode(piece),
            "tags": [TAG_IDS[tag] for tag in tags],
            "spans": [[here[i].start - window.start, here[i].end - window.start, LABELS.index(here[i].label)] for i in order],
            "hints": [plans.hint(here[i].start) for i in order],
            "values": values,
            "links": links,
        }
        lost["windows"] += 1
    lost["value spans without a value"] += sum(s.label in VALUE_LABELS and s.id not in {v.span for v in report.values} for s in by_id.values())


def dataset_of(reports: Iterable[Annotated], chars: Characters, size: int) -> tuple[Dataset, Counter[str]]:
    """The windows of all reports as a Dataset, and the counts of what was lost."""
    lost: Counter[str] = Counter()
    rows = [row for raw, report in reports for row in rows_of(raw, report, chars, size, lost)]
    return Dataset.from_list(rows), +lost


def dataset_dict(splits: dict[str, list[Annotated]], chars: Characters, size: int) -> tuple[DatasetDict, dict[str, Counter[str]]]:
    """All splits as a DatasetDict, with the losses of each."""
    made = {split: dataset_of(reports, chars, size) for split, reports in splits.items()}
    return DatasetDict({split: dataset for split, (dataset, _) in made.items()}), {split: lost for split, (_, lost) in made.items()}


def collate(rows: Sequence[dict], chars: Characters, hide: float = 0.0) -> Batch:
    """Rows → one padded batch; tokens are [CLS] characters [SEP], so token i + 1 is character i.

    `hide`: the share of characters shown as [MASK], so that the context must be read and names are not learned by heart.
    """
    length = max(len(row["input_ids"]) for row in rows) + 2
    ids = torch.full((len(rows), length), chars.pad)
    tags = torch.full((len(rows), length), -100)
    spans: list[list[int]] = []
    pairs: list[list[int]] = []
    features: list[list[int]] = []
    links: list[int] = []
    roles: list[int] = []
    directions: list[int] = []
    hints: list[int] = []
    for b, row in enumerate(rows):
        n = len(row["input_ids"])
        ids[b, 0] = chars.cls
        ids[b, 1 : n + 1] = torch.tensor(row["input_ids"])
        ids[b, n + 1] = chars.sep
        tags[b, 1 : n + 1] = torch.tensor(row["tags"])
        base = len(spans)
        spans += [[b, start + 1, end, label] for start, end, label in row["spans"]]
        roles += [-100] * len(row["spans"])
        directions += [-100] * len(row["spans"])
        hints += row["hints"]
        for span, role, direction in row["values"]:
            roles[base + span], directions[base + span] = role, direction
        asked, seen = pairs_of(row["text"], [LabelledSpan(LABELS[label], start, end) for start, end, label in row["spans"]])
        wanted = {tuple(link) for link in row["links"]}
        pairs += [[base + pair.value, base + pair.argument, pair.relation] for pair in asked]
        links += [int(tuple(pair) in wanted) for pair in asked]
        features += seen.tolist()
    soft = _soft(rows, length, len(spans), len(pairs)) if "soft_tags" in rows[0] else None
    if hide:
        ids[(torch.rand(ids.shape) < hide) & (tags >= 0)] = chars.mask
    return Batch(
        ids, (ids != chars.pad).long(), tags,
        torch.tensor(spans, dtype=torch.long).reshape(-1, 4), torch.tensor(pairs, dtype=torch.long).reshape(-1, 3),
        torch.tensor(features, dtype=torch.long).reshape(-1, len(FEATURE_SIZES)), torch.tensor(links, dtype=torch.long),
        torch.tensor(roles, dtype=torch.long), torch.tensor(directions, dtype=torch.long), torch.tensor(hints, dtype=torch.long), soft,
    )  # fmt: skip


def _soft(rows: Sequence[dict], length: int, spans: int, pairs: int) -> Soft:
    """The teacher's answers to a batch of rows that `train.distill` made, padded as `collate` pads."""
    tags = torch.zeros(len(rows), length, rows[0]["soft_tags"].shape[1])
    states = torch.zeros(len(rows), length, rows[0]["soft_states"].shape[1])
    for b, row in enumerate(rows):
        n = len(row["input_ids"])
        tags[b, 1 : n + 1] = row["soft_tags"]
        states[b, 1 : n + 1] = row["soft_states"]
    links = torch.tensor([p for row in rows for p in row["soft_links"]], dtype=torch.float)
    kinds = torch.tensor([k for row in rows for k in row["soft_kinds"]], dtype=torch.float).reshape(-1, len(ROLES) + len(DIRECTIONS) + 1)
    assert len(links) == pairs and len(kinds) == spans, "the teacher was asked about other pairs than the student"
    return Soft(tags, states, links, kinds)


def batches(rows: Sequence[dict], size: int, rng: random.Random) -> list[list[int]]:
    """Row numbers of each batch, shuffled, neighbours in length together so that little is padded. Rows of gold and of a teacher never share a batch."""
    found = []
    for kind in (False, True):
        order = [n for n, row in enumerate(rows) if ("soft_tags" in row) == kind]
        rng.shuffle(order)
        pools = [sorted(order[i : i + size * 16], key=lambda n: len(rows[n]["input_ids"])) for i in range(0, len(order), size * 16)]
        found += [pool[i : i + size] for pool in pools for i in range(0, len(pool), size)]
    rng.shuffle(found)
    return found
