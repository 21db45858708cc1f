"""What punctuation says of a span's borders: a document in 《》 is one name, a quotation mark belongs to a span together with its partner or not at all.

The rules are the guideline's; a tagger that knows them only roughly is mended, never given a span that it did not see.
"""

import re

DOCUMENT = re.compile(r"《([^《》\n]{2,60})》")
QUOTED = ("PROG", "IND", "INST")  # labels whose names are quoted
Found = tuple[str, int, int, float]  # label, start, end, confidence


def mend(text: str, spans: list[Found]) -> list[Found]:
    """Spans of a text with their borders mended, in order, flat as before: `《健康县`建设方案》` read as PROG → the whole title."""
    moved = sorted((_balanced(text, span) for span in _documents(text, spans)), key=lambda span: span[1])
    kept: list[Found] = []
    for span in moved:
        if not kept or span[1] >= kept[-1][2]:
            kept.append(span)
    return kept


def _documents(text: str, spans: list[Found]) -> list[Found]:
    """A title of which more than half was read as PROG is one PROG, and nothing else is in it."""
    names: list[Found] = []
    for title in DOCUMENT.finditer(text):
        start, end = title.span(1)
        seen = [s for s in spans if s[0] == "PROG" and s[1] < end and s[2] > start]
        if 2 * sum(min(s[2], end) - max(s[1], start) for s in seen) > end - start:
            names.append(("PROG", start, end, max(s[3] for s in seen)))
    return [s for s in spans if not any(s[1] < end and start < s[2] for _, start, end, _ in names)] + names


def _balanced(text: str, span: Found) -> Found:
    """Quotation marks around exactly the name are outside; one inside takes its partner along when that stands next to the span."""
    label, start, end, confidence = span
    if label not in QUOTED:
        return span
    words = text[start:end]
    if len(words) > 2 and words[0] == "“" and words[-1] == "”" and words.count("“") == 1:
        return label, start + 1, end - 1, confidence
    while end - start > 1 and text[start] == "”":
        start += 1
    while end - start > 1 and text[end - 1] == "“":
        end -= 1
    opened, closed = text.count("“", start, end), text.count("”", start, end)
    if closed > opened and text[start - 1 : start] == "“":
        start -= 1
    elif opened > closed and text[end : end + 1] == "”":
        end += 1
    return label, start, end, confidence
