"""Inline markup: annotations written into the text by hand, turned into exact stand-off offsets and back.

    #title: 某县2023年卫生健康工作总结        header: `#key: value` lines, up to `#---`
    #year: 2023
    #---
    {全年|PERIOD#1 t=2023}招录{编内卫生人才|IND#2}{46名|COUNT of=2 during=1 v=46名}。

A span is `{text|LABEL#id key=value …}`; the id is needed only where something points at the span. A reference goes to
the span with that id that stands nearest, one of the same line before any other, so that numbering may start again in every paragraph. Keys of a value: the
arguments `of by in under during` (several ids: `of=2,3`), `role` (default actual), `of_value` (= change_of), `dir`, `vs` and
`v`, the quantity: `v=46名`, `v=>=1900人次`, `v=~170000000元`, `v=0.65..0.7%`, `v=?份` (no number can be read). Key of a PERIOD: `t`,
its days: `t=2023`, `t=2023-01..2023-10`, `t=..2023-10-31`, `t=-` (not resolvable).
"""

import calendar
import re

from annotations.schema import ARGUMENTS, LABELS, VALUE_LABELS, AnnotatedReport, Interval, Quantity, SchemaError, Span, Value, problems, sha256_of
from corpus.fold import fold
from corpus.text import simplify

SPAN = re.compile(r"\{(?P<text>[^{}|]+)\|(?P<label>[A-Z]+)(?:#(?P<id>\w+))?(?P<keys>(?:\s+\w+=[^\s{}]*)*)\s*\}")
QUANTITY = re.compile(r"^(?P<bound>>=|<=|>|<|~)?(?P<number>\?|-?\d+(?:\.\d+)?(?:e-?\d+)?)(?:\.\.(?P<high>-?\d+(?:\.\d+)?))?(?P<unit>.*)$")
BOUND_SIGNS = {None: "exact", "~": "approx", ">=": "at_least", ">": "more_than", "<=": "at_most", "<": "less_than"}
VALUE_KEYS = {*ARGUMENTS, "role", "of_value", "dir", "vs", "v"}


def read_quantity(written: str) -> Quantity:
    """`>=1900人次` → Quantity(1900, 1900, None, "at_least", "人次"); SchemaError when it cannot be read."""
    match = QUANTITY.match(written)
    if not match:
        raise SchemaError(f"v={written}: not a quantity (write v=46名, v=>=1900人次, v=0.65..0.7%)")
    unit = simplify(fold(match["unit"])) or None
    if match["number"] == "?":
        return Quantity(None, None, None, BOUND_SIGNS[match["bound"]], unit)
    number = float(match["number"])
    if match["high"]:
        return Quantity.of_range(number, float(match["high"]), unit)
    return Quantity.of_bound(BOUND_SIGNS[match["bound"]], number, unit)


def _day(written: str, last: bool) -> str | None:
    if not written:
        return None
    match = re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", written)
    if not match:
        raise SchemaError(f"t={written}: not a date (write 2023, 2023-06, 2023-06-30, a..b or -)")
    year, month = int(match[1]), int(match[2] or (12 if last else 1))
    longest = calendar.monthrange(year, month)[1] if 1 <= month <= 12 else 0
    day = int(match[3] or (longest if last else 1))
    if not 1 <= day <= longest:
        raise SchemaError(f"t={written}: no such day")
    return f"{year:04d}-{month:02d}-{day:02d}"


def read_interval(written: str) -> Interval:
    """`2023-01..2023-10` → Interval("2023-01-01", "2023-10-31"); `-` → Interval(None, None)."""
    if written == "-":
        return Interval(None, None)
    first, dots, second = written.partition("..")
    return Interval(_day(first, last=False), _day(second if dots else first, last=True))


def split_header(marked: str) -> tuple[dict[str, str], str]:
    """The `#key: value` lines above `#---`, and the body below it, exactly as it stands."""
    head, line, body = marked.partition("#---\n")
    if not line:
        raise SchemaError("no line `#---` between the header and the text")
    meta = {}
    for row in head.splitlines():
        if row.strip():
            key, colon, value = row.lstrip("#").partition(":")
            if not row.startswith("#") or not colon:
                raise SchemaError(f"header line {row!r}: write `#key: value`")
            meta[key.strip()] = value.strip()
    return meta, body


def parse(body: str, id_: str = "", source: str = "", offset: int = 0) -> tuple[str, tuple[Span, ...], tuple[Value, ...]]:
    """The text without its marks, the spans and the values; offsets are moved by `offset`. SchemaError names the line at fault."""
    out: list[str] = []
    length, last = 0, 0
    rows: list[tuple[Span, str | None, dict[str, str], int]] = []
    for match in SPAN.finditer(body):
        plain, line = body[last : match.start()], body.count("\n", 0, match.start()) + 1
        _no_braces(plain, body, last)
        out.append(plain)
        length += len(plain)
        if match["label"] not in LABELS:
            raise SchemaError(f"line {line}: {match[0]}: no such label {match['label']}")
        keys = dict(item.split("=", 1) for item in match["keys"].split())
        allowed = VALUE_KEYS if match["label"] in VALUE_LABELS else {"t"} if match["label"] == "PERIOD" else set()
        if set(keys) - allowed:
            raise SchemaError(f"line {line}: {match[0]}: {match['label']} takes no {', '.join(sorted(set(keys) - allowed))}")
        try:
            interval = read_interval(keys["t"]) if "t" in keys else None
        except SchemaError as error:
            raise SchemaError(f"line {line}: {match[0]}: {error}") from None
        start = length + offset
        span = Span(len(rows) + 1, match["label"], start, start + len(match["text"]), interval)
        rows.append((span, match["id"], keys, line))
        out.append(match["text"])
        length += len(match["text"])
        last = match.end()
    _no_braces(body[last:], body, last)
    out.append(body[last:])
    values = tuple(_value(rows, index) for index, row in enumerate(rows) if row[0].label in VALUE_LABELS)
    return "".join(out), tuple(row[0] for row in rows), values


def _no_braces(plain: str, body: str, start: int) -> None:
    at = re.search(r"[{}]", plain)
    if at:
        where = start + at.start()
        raise SchemaError(f"line {body.count(chr(10), 0, where) + 1}: not a well-formed mark near {body[max(0, where - 5):where + 40]!r}")


def _value(rows: list[tuple[Span, str | None, dict[str, str], int]], index: int) -> Value:
    span, _, keys, line = rows[index]

    def ids(key: str) -> tuple[int, ...]:
        found = []
        for name in filter(None, keys.get(key, "").split(",")):
            same = [(row[3] != line, abs(other - index), other) for other, row in enumerate(rows) if row[1] == name]
            if not same:
                raise SchemaError(f"line {line}: {key}={name}: no span has the id #{name}")
            found.append(rows[min(same)[2]][0].id)
        return tuple(found)

    try:
        quantity = read_quantity(keys["v"]) if "v" in keys else None
    except SchemaError as error:
        raise SchemaError(f"line {line}: {error}") from None
    arguments = {key: ids(key) for key in ARGUMENTS if keys.get(key)}
    return Value(span.id, keys.get("role", "actual"), arguments, ids("of_value"), keys.get("dir"), ids("vs"), quantity)


def read_report(marked: str, id_: str, source: str | None = None, external: str | None = None) -> tuple[str, AnnotatedReport]:
    """The raw text and the annotations of a marked file.

    With `external`, the text of a file that is not in the repository, the body must be that text or one stretch of it,
    character by character; the offsets are then into the external text.
    """
    meta, body = split_header(marked)
    raw, spans, values = parse(body)
    parts: tuple[tuple[int, int], ...] = ()
    if external is not None:
        start = external.find(raw.strip("\n"))
        if start < 0:
            raise SchemaError(first_difference(external, raw))
        lead = len(raw) - len(raw.lstrip("\n"))
        spans = tuple(Span(s.id, s.label, s.start + start - lead, s.end + start - lead, s.interval) for s in spans)
        if len(raw.strip("\n")) < len(external.strip("\n")):
            parts = ((start, start + len(raw.strip("\n"))),)
        raw = external
    info: dict[str, object] = {key: (value or None) for key, value in meta.items() if key != "source"}
    if info.get("year"):
        if not str(info["year"]).isdecimal():
            raise SchemaError(f"#year: {info['year']}: write a number, as in #year: 2023")
        info["year"] = int(str(info["year"]))
    report = AnnotatedReport(id_, source or meta.get("source", id_), sha256_of(raw), len(raw), spans, values, info, parts)
    wrong = problems(report, raw)
    if wrong:
        texts = {s.id: raw[s.start : s.end] for s in spans}
        raise SchemaError("; ".join(wrong[:20]) + " | " + ", ".join(f"{i}={t}" for i, t in texts.items() if any(f" {i} " in w for w in wrong[:20])))
    return raw, report


def write_quantity(quantity: Quantity) -> str:
    """The inverse of `read_quantity`."""
    unit = quantity.unit or ""
    if quantity.bound == "range":
        return f"{quantity.low!r}..{quantity.high!r}{unit}"
    sign = next(sign or "" for sign, bound in BOUND_SIGNS.items() if bound == quantity.bound)
    return sign + ("?" if quantity.number is None else f"{quantity.number:.15g}") + unit


def write_interval(interval: Interval) -> str:
    """The inverse of `read_interval`, in whole days."""
    return f"{interval.start or ''}..{interval.end or ''}" if interval.start or interval.end else "-"


def write_report(raw: str, report: AnnotatedReport) -> str:
    """A marked file of a report, its annotated parts only; `read_report` gives back the same annotations (ids are numbered anew)."""
    first, last = (report.parts[0][0], report.parts[-1][1]) if report.parts else (0, len(raw))
    values = {value.span: value for value in report.values}
    wanted = {i for value in report.values for i in value.targets()}
    out, at = [], first
    for span in sorted(report.spans, key=lambda s: s.start):
        keys = [f" t={write_interval(span.interval)}"] if span.interval else []
        if span.id in values:
            keys += _value_keys(values[span.id])
        out.append(f"{raw[at : span.start]}{{{raw[span.start : span.end]}|{span.label}{f'#{span.id}' if span.id in wanted else ''}{''.join(keys)}}}")
        at = span.end
    header = "".join(f"#{key}: {'' if value is None else value}\n" for key, value in {"source": report.source, **report.meta}.items())
    return f"{header}#---\n{''.join(out)}{raw[at:last]}"


def _value_keys(value: Value) -> list[str]:
    keys = [(key, value.arguments.get(key, ())) for key in ARGUMENTS] + [("of_value", value.change_of), ("vs", value.versus)]
    made = [f" {key}={','.join(map(str, ids))}" for key, ids in keys if ids]
    made += [f" role={value.role}"] * (value.role != "actual") + [f" dir={value.direction}"] * bool(value.direction)
    return made + ([f" v={write_quantity(value.quantity)}"] if value.quantity else [])


def first_difference(external: str, raw: str) -> str:
    """Where a retyped text leaves the original: the longest prefix that stands in it, and what comes after on both sides."""
    text = raw.strip("\n")
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if text[:middle] in external else (low, middle - 1)
    at = external.find(text[:low])
    return f"the text differs from the original after {low} characters: original …{external[at + low - 15:at + low + 25]!r}, written …{text[max(0, low - 15):low + 25]!r}"
