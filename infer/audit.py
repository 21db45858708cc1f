"""Do a report's own figures agree? Arithmetic over the indicator list; every finding names the records it compares.

    sum         床位300张,其中甲院200张、乙院100张: the parts against the whole       share       558人、占比49.5%: against the whole before it
    change      由A提高到B、提高了C: A and C must give B                          rate-range  a share above 100 % or below 0
    conflict    one indicator, place and period, two exact figures

Figures agree when they do within what was rounded away in writing: half of the last written digit of each.
"""

import re
from collections import defaultdict

MAY_EXCEED = ("激活", "增", "完成", "达成", "使用率", "负担", "比", "抚养", "倍", "升", "降")  # shares that may honestly pass 100 %
RELATIVE = ("%", "‰", "成", "倍")


def check(indicators: list[dict]) -> list[dict]:
    """The audit rows of contract.md, for figures that can be compared; both agreements and disagreements are told."""
    return [*_sums(indicators), *_shares(indicators), *_changes(indicators), *_rates(indicators), *_conflicts(indicators)]


def _row(kind: str, ids: list[int], expected: float, found: float, ok: bool, message: str) -> dict:
    return {"kind": kind, "indicators": ids, "expected": round(expected, 9), "found": round(found, 9), "ok": ok, "message": message}


def _exact(record: dict) -> float | None:
    return record["value"]["number"] if record["value"]["bound"] == "exact" else None


def _rounded_away(record: dict) -> float:
    """Half of the last written digit, in base units: 96.1% → 0.0005, 1.2亿元 → 5,000,000; 0 for a whole number that is written out."""
    text, number = re.sub(r"[,\s]", "", record["value"]["text"]), record["value"]["number"]
    written = re.search(r"\d+(?:\.(\d+))?", text)
    if not written or not number or not float(written[0]):
        return 0.0
    step = abs(number) / float(written[0]) * 10 ** -len(written[1] or "")
    return 0.0 if step == 1 else step / 2


def _close(a: float, b: float, slack: float) -> bool:
    return abs(a - b) <= slack * 1.0001 + 1e-9 * max(abs(a), abs(b))


def _by_sentence(indicators: list[dict]) -> list[list[dict]]:
    groups: defaultdict[int, list[dict]] = defaultdict(list)
    for record in indicators:
        groups[record["sentence"]["start"]].append(record)
    return list(groups.values())


def _names(record: dict) -> set[tuple[int, int]]:
    return {(span["start"], span["end"]) for span in record["indicator"]["spans"]}


def _sums(indicators: list[dict]) -> list[dict]:
    """A whole and the parts that take its name along with their own; fewer parts than the whole has are no fault, more than it are."""
    found = []
    for sentence in _by_sentence(indicators):
        for i, whole in enumerate(sentence):
            parts = []
            for part in sentence[i + 1 :]:
                if not (_names(whole) and _names(whole) < _names(part) and part["value"]["unit"] == whole["value"]["unit"] and part["role"] == whole["role"]):
                    if parts:
                        break
                    continue
                parts.append(part)
            numbers = [_exact(record) for record in (whole, *parts)]
            if len(parts) < 2 or None in numbers or whole["value"]["unit"] in RELATIVE:
                continue
            total, slack = sum(numbers[1:]), sum(map(_rounded_away, (whole, *parts)))
            if _close(total, numbers[0], slack) or total > numbers[0]:
                message = " + ".join(part["value"]["text"] for part in parts) + f" = {whole['value']['text']}"
                found.append(_row("sum", [whole["id"], *(part["id"] for part in parts)], numbers[0], total, _close(total, numbers[0], slack), message))
    return found


def _shares(indicators: list[dict]) -> list[dict]:
    """占X% right after a value, against the values of its unit earlier in the sentence; a disagreement only when just one of them can be the whole."""
    found = []
    for sentence in _by_sentence(indicators):
        for i, share in enumerate(sentence[1:], 1):
            part, number = sentence[i - 1], _exact(share)
            if share["value"]["unit"] != "%" or number is None or not (share["indicator"]["name"] or "").startswith("占") or not _exact(part):
                continue
            wholes = [w for w in sentence[: i - 1] if w["value"]["unit"] == part["value"]["unit"] and (_exact(w) or 0) >= _exact(part) and w["role"] == part["role"]]
            fits = [w for w in wholes if _close(_exact(part) / _exact(w), number, _rounded_away(share) + 1e-4)]
            whole = (fits or wholes or [None])[0]
            if whole is not None and (fits or len(wholes) == 1):
                message = f"{part['value']['text']} / {whole['value']['text']} → {share['value']['text']}"
                found.append(_row("share", [whole["id"], part["id"], share["id"]], _exact(part) / _exact(whole), number, bool(fits), message))
    return found


def _changes(indicators: list[dict]) -> list[dict]:
    by_id = {record["id"]: record for record in indicators}
    before: dict[int, dict] = {}
    for record in indicators:
        if record["role"] == "baseline" and record["change"] and record["change"]["of"] in by_id:
            before[record["change"]["of"]] = record
    found = []
    for change in indicators:
        level = by_id.get((change["change"] or {}).get("of") or 0)
        base = before.get(level["id"]) if level else None
        if change["role"] != "change" or not base or change["change"]["direction"] is None or level["value"]["unit"] != base["value"]["unit"]:
            continue
        now, then, by = _exact(level), _exact(base), _exact(change)
        unit, levels_unit = change["value"]["unit"], level["value"]["unit"]
        relative = unit in RELATIVE and levels_unit != unit
        points = levels_unit in ("%", "‰") and unit in ("个百分点", "个千分点")
        if None in (now, then, by) or not (relative or points or unit == levels_unit):
            continue
        sign = 1 if change["change"]["direction"] == "up" else -1
        expected = then * (1 + sign * by) if relative else then + sign * by
        slack = _rounded_away(level) + _rounded_away(base) + _rounded_away(change) * (then if relative else 1)
        message = f"{base['value']['text']} {'+' if sign > 0 else '-'} {change['value']['text']} → {level['value']['text']}"
        found.append(_row("change", [base["id"], change["id"], level["id"]], expected, now, _close(expected, now, slack), message))
    return found


def _rates(indicators: list[dict]) -> list[dict]:
    found = []
    for record in indicators:
        number, name = record["value"]["number"], record["indicator"]["name"] or ""
        if record["value"]["unit"] != "%" or not ("率" in name or "占" in name) or record["role"] == "change" or number is None:
            continue
        if number > 1 and not any(word in name for word in MAY_EXCEED):
            found.append(_row("rate-range", [record["id"]], 1.0, number, False, f"{name} {record['value']['text']}: > 100%"))
        elif number < 0 and "增" not in name:
            found.append(_row("rate-range", [record["id"]], 0.0, number, False, f"{name} {record['value']['text']}: < 0"))
    return found


def _conflicts(indicators: list[dict]) -> list[dict]:
    groups: defaultdict[tuple, list[dict]] = defaultdict(list)
    for record in indicators:
        if record["indicator"]["name"] and record["role"] == "actual" and _exact(record) is not None:
            who = tuple(record[field]["name"] for field in ("institution", "region", "program"))
            groups[record["indicator"]["name"], *who, record["period"]["from"], record["period"]["to"], record["value"]["unit"]].append(record)
    found = []
    for key, same in groups.items():
        if len(same) == 2 and same[0]["value"]["number"] != same[1]["value"]["number"] and same[0]["sentence"] != same[1]["sentence"]:
            first, second = same
            message = f"{key[0]}: {first['value']['text']} / {second['value']['text']}"
            found.append(_row("conflict", [first["id"], second["id"]], first["value"]["number"], second["value"]["number"], False, message))
    return found
