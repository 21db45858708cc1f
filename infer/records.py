"""Entities and linked values → the report's indicator list, as contract.md says it, on raw offsets."""

import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from annotations.candidates import LabelledSpan
from annotations.schema import ARGUMENT_FIELDS, Interval, Quantity, sha256_of
from corpus.report import Report
from corpus.sentences import sentence_at, sentences
from infer import audit, periods, values
from infer.link import LinkedValue, link
from infer.model import Model
from infer.tagger import Tagged, Tagging, start, tag

T = TypeVar("T")
JOIN = {"indicator": " "}  # parts of one name; several institutions, regions … are joined by 、


@dataclass(frozen=True)
class Source:
    """A report and its sentences, ready to turn clean offsets into raw evidence."""

    report: Report
    sentences: list[tuple[int, int]]

    def evidence(self, span: LabelledSpan) -> dict[str, object]:
        """start, end and text of a span in the raw text."""
        start, end = self.report.clean.to_raw(span.start, span.end)
        return {"start": start, "end": end, "text": self.report.raw[start:end]}

    def name(self, span: LabelledSpan) -> str:
        """The span without noise, simplified."""
        return re.sub(r"\s+", "", self.report.clean.text[span.start : span.end])


def extract(report: Report, model: Model) -> dict:
    """One report's output object."""
    return _finish(report, tag(report.clean.text, model), model)


def extract_all(reports: Iterable[Report], model: Model) -> Iterator[tuple[Report, dict | Exception]]:
    """Each report with its output object, or with the fault that kept it from one. The next report is tagged while this one is put together."""
    ahead: tuple[Report, Tagging | Exception] | None = None
    for report in itertools.chain(reports, [None]):
        begun = (report, _attempt(lambda report=report: start(report.clean.text, model))) if report else None
        if ahead:
            done, tagging = ahead
            yield done, tagging if isinstance(tagging, Exception) else _attempt(lambda done=done, tagging=tagging: _finish(done, tagging.result(), model))
        ahead = begun


def _attempt(job: Callable[[], T]) -> T | Exception:
    try:
        return job()
    except Exception as error:  # whatever it is: a fault in one report must not lose the others
        return error


def _finish(report: Report, tagged: list[Tagged], model: Model) -> dict:
    entities, linked = link(report.clean.text, tagged, model, report.title)
    return assemble(report, entities, linked, {"name": model.name, "version": model.version}, model.run.get("calibration"))


def assemble(report: Report, entities: list[tuple[LabelledSpan, float]], linked: list[LinkedValue], model: dict[str, str], calibration: dict | None) -> dict:
    """The output object from entities and linked values, whoever found them."""
    source = Source(report, sentences(report.clean.text))
    when = [span for span, _ in entities if span.label == "PERIOD"]
    days = dict(zip(when, periods.parse_all([(s.start, s.end) for s in when], report.clean.text, report.year, report.title)))
    ids = {value.span: number for number, value in enumerate(linked, 1)}
    indicators = [_indicator(value, ids, days, source, calibration) for value in linked]
    return {
        "source": report.source,
        "sha256": sha256_of(report.raw),
        "model": model,
        "title": report.title,
        "region": report.region,
        "issuer": report.issuer,
        "year": report.year,
        "entities": [{"label": span.label, **source.evidence(span), "confidence": round(confidence, 4)} for span, confidence in entities],
        "indicators": indicators,
        "audit": audit.check(indicators),
    }


def _indicator(value: LinkedValue, ids: dict[LabelledSpan, int], days: dict[LabelledSpan, Interval], source: Source, calibration: dict | None) -> dict:
    quantity = values.parse(source.report.clean.text[value.span.start : value.span.end], value.span.label)
    record: dict[str, object] = {"id": ids[value.span], "kind": value.span.label.lower(), "value": _value(value, quantity, source, calibration)}
    for key, name in ARGUMENT_FIELDS.items():
        spans = value.links.get(key, [])
        names = list(dict.fromkeys(source.name(span) for span in spans))
        record[name] = {"name": JOIN.get(name, "、").join(names) or None, "spans": [source.evidence(span) for span in spans]}
    record["period"] |= _days([days[span] for span in value.links.get("during", [])])
    record["role"] = value.role
    record["change"] = _change(value, ids, source)
    record["confidence"] = round(calibrated(value.certainty, (calibration or {}).get("record")), 4)
    start, end = source.report.clean.to_raw(*sentence_at(source.sentences, value.span.start))
    record["sentence"] = {"start": start, "end": max(end, record["value"]["end"])}
    return record


def _value(value: LinkedValue, quantity: Quantity, source: Source, calibration: dict | None) -> dict:
    sure = calibrated(math.log(max(value.confidence, 1e-6)), (calibration or {}).get("value"))
    return {
        **source.evidence(value.span),
        "number": quantity.number,
        "low": quantity.low,
        "high": quantity.high,
        "bound": quantity.bound,
        "unit": quantity.unit,
        "confidence": round(sure, 4),
    }


def _days(found: list[Interval]) -> dict[str, str | None]:
    """One interval over all periods of a value; an end that one of them leaves open stays open."""
    if not found:
        return {"from": None, "to": None}
    starts, ends = [d.start for d in found], [d.end for d in found]
    return {"from": None if None in starts else min(starts), "to": None if None in ends else max(ends)}


def _change(value: LinkedValue, ids: dict[LabelledSpan, int], source: Source) -> dict | None:
    if value.role not in ("change", "baseline"):
        return None
    of = [ids[span] for span in value.links.get("change_of", []) if span in ids]
    versus = [source.name(span) for span in value.links.get("vs", [])]
    return {"direction": value.direction, "of": of[0] if of else None, "versus": versus[0] if versus else None}


def calibrated(certainty: float, fitted: list[float] | None) -> float:
    """A log probability → the chance of being right, by the fitted logistic curve [slope, intercept] over its logit (Platt 1999); as it stands without one."""
    if not fitted:
        return math.exp(certainty)
    x = certainty - math.log(-math.expm1(min(certainty, -1e-6)))
    return 1 / (1 + math.exp(-max(-700.0, fitted[0] * x + fitted[1])))
