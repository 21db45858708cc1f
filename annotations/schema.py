"""Labels, arguments, roles and the records built from them: the only place where a label is spelled.

The meaning of every name here is `annotations/GUIDELINE.md`. All offsets are Unicode code points into the raw
text of a report, half-open [start, end).
"""

import hashlib
from dataclasses import dataclass, field, replace

SCHEMA_VERSION = 1

VALUE_LABELS = ("RATE", "COUNT", "MONEY", "MEASURE", "RANK")
ENTITY_LABELS = ("INST", "REGION", "PROG", "IND", "PERIOD")
LABELS = ENTITY_LABELS + VALUE_LABELS

# argument key -> the label of the spans it may point at
ARGUMENTS = {"of": "IND", "by": "INST", "in": "REGION", "under": "PROG", "during": "PERIOD"}
# argument key -> the field of contract.md's indicator record
ARGUMENT_FIELDS = {"of": "indicator", "by": "institution", "in": "region", "under": "program", "during": "period"}

ROLES = ("actual", "target", "change", "baseline", "reference")
DIRECTIONS = ("up", "down")
BOUNDS = ("exact", "approx", "at_least", "more_than", "at_most", "less_than", "range")


class SchemaError(ValueError):
    """An annotation that the schema does not allow; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a value span says, in base units: 95.21% is 0.9521, 1.5亿元 is 150000000 元.

    `number` is None for a range (the midpoint is never invented) and for what cannot be read.
    `low` and `high` are the interval the words allow, None = open.
    """

    number: float | None
    low: float | None
    high: float | None
    bound: str
    unit: str | None

    @classmethod
    def of_bound(cls, bound: str, number: float | None, unit: str | None) -> "Quantity":
        """The quantity of one number with one bound: ("at_least", 1900, "人次") has low 1900 and an open high end."""
        low = number if bound in ("exact", "at_least", "more_than") else None
        high = number if bound in ("exact", "at_most", "less_than") else None
        return cls(number, low, high, bound, unit)

    @classmethod
    def of_range(cls, low: float, high: float, unit: str | None) -> "Quantity":
        """The quantity of a range: 1-2名 has no number, low 1 and high 2."""
        return cls(None, low, high, "range", unit)


@dataclass(frozen=True, slots=True)
class Interval:
    """The days a PERIOD span covers, ISO dates, both ends included; None = open or not resolvable."""

    start: str | None
    end: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled stretch [start, end) of the raw text; `interval` only on PERIOD spans whose days were read."""

    id: int
    label: str
    start: int
    end: int
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """One value span and what it says: one indicator record. All references are span ids of the same report."""

    span: int
    role: str = "actual"
    arguments: dict[str, tuple[int, ...]] = field(default_factory=dict)
    change_of: tuple[int, ...] = ()
    direction: str | None = None
    versus: tuple[int, ...] = ()
    quantity: Quantity | None = None

    def targets(self) -> list[int]:
        """Every span id this value points at."""
        return [i for ids in (*self.arguments.values(), self.change_of, self.versus) for i in ids]


@dataclass(frozen=True, slots=True)
class AnnotatedReport:
    """The annotations of one report.

    `source` names the text: a path below corpus/reports/, or one below the external data folder for texts that are not in the repository.
    `parts` are the ranges that were annotated, when not the whole text; nothing outside them says anything.
    `meta` holds what is known of the whole report (title, region, issuer, year, genre, subject …).
    """

    id: str
    source: str
    sha256: str
    length: int
    spans: tuple[Span, ...]
    values: tuple[Value, ...]
    meta: dict[str, object] = field(default_factory=dict)
    parts: tuple[tuple[int, int], ...] = ()

    def span(self, id_: int) -> Span:
        """The span of that id; KeyError when there is none."""
        for span in self.spans:
            if span.id == id_:
                return span
        raise KeyError(id_)

    def by_id(self) -> dict[int, Span]:
        """All spans by id."""
        return {span.id: span for span in self.spans}

    def with_meta(self, **more: object) -> "AnnotatedReport":
        """The same annotations with more said of the report."""
        return replace(self, meta={**self.meta, **more})


def sha256_of(text: str) -> str:
    """The sha256 of a raw text in UTF-8, as contract.md and the store use it; lone surrogates are hashed as they stand."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def problems(report: AnnotatedReport, raw: str | None = None) -> list[str]:
    """Everything the schema forbids in a report, one line each; [] when it is sound. With `raw` the text is checked too."""
    found: list[str] = []
    say = found.append
    by_id: dict[int, Span] = {}
    for span in report.spans:
        at = f"span {span.id} {span.label} [{span.start}, {span.end})"
        if span.id in by_id:
            say(f"{at}: the id is used twice")
        by_id[span.id] = span
        if span.label not in LABELS:
            say(f"{at}: no such label")
        if not 0 <= span.start < span.end <= report.length:
            say(f"{at}: outside the text of {report.length} characters")
        if span.interval and span.label != "PERIOD":
            say(f"{at}: only a PERIOD has an interval")
        if raw is not None and raw[span.start : span.end].strip() != raw[span.start : span.end]:
            say(f"{at}: begins or ends with white space: {raw[span.start:span.end]!r}")
    ordered = sorted(report.spans, key=lambda s: s.start)
    for left, right in zip(ordered, ordered[1:]):
        if right.start < left.end:
            say(f"spans {left.id} and {right.id} overlap at {right.start}")
    if raw is not None and (len(raw) != report.length or sha256_of(raw) != report.sha256):
        say("the text is not the one that was annotated (length or sha256 differ)")
    seen: set[int] = set()
    for value in report.values:
        at = f"value {value.span}"
        if value.span in seen:
            say(f"{at}: said twice")
        seen.add(value.span)
        if value.span not in by_id or by_id[value.span].label not in VALUE_LABELS:
            say(f"{at}: is not a value span")
        if value.role not in ROLES:
            say(f"{at}: no such role {value.role!r}")
        if value.direction not in (None, *DIRECTIONS):
            say(f"{at}: no such direction {value.direction!r}")
        wanted = [(key, label, value.arguments.get(key, ())) for key, label in ARGUMENTS.items()]
        wanted += [("vs", "PERIOD", value.versus), ("change_of", None, value.change_of)]
        for key, label, ids in wanted:
            for target in ids:
                if target not in by_id:
                    say(f"{at}: {key} points at span {target}, which is not there")
                elif target == value.span or not (by_id[target].label == label if label else by_id[target].label in VALUE_LABELS):
                    say(f"{at}: {key} cannot point at span {target} ({by_id[target].label})")
        for key in value.arguments:
            if key not in ARGUMENTS:
                say(f"{at}: no such argument {key!r}")
        if value.quantity and value.quantity.bound not in BOUNDS:
            say(f"{at}: no such bound {value.quantity.bound!r}")
    for span in report.spans:
        if span.label in VALUE_LABELS and span.id not in seen:
            say(f"span {span.id} {span.label} [{span.start}, {span.end}): a value span without a value")
    return found
