"""Do a report's own figures agree? Arithmetic over the indicator list; every finding names the records it compares.

    change      由A提高到B … 提高了C: A and C must give B          rate-range  a share above 100 % or below 0
    conflict    one indicator, place and period, two exact figures
"""

from collections import defaultdict

TOLERANCE = 0.005  # of the larger figure, for figures that were rounded when written
MAY_EXCEED = ("激活", "增", "完成", "达成", "使用率", "负担", "比", "抚养", "倍", "升", "降")  # shares that may honestly pass 100 %


def check(indicators: list[dict]) -> list[dict]:
    """The audit rows of contract.md, for figures that can be compared; both agreements and disagreements are told."""
    return [*_changes(indicators), *_rates(indicators), *_conflicts(indicators)]


def _row(kind: str, ids: list[int], expected: float | None, found: float, ok: bool, message: str) -> dict:
    return {"kind": kind, "indicators": ids, "expected": expected, "found": found, "ok": ok, "message": message}


def _round(number: float) -> float:
    return round(number, 9)


def _exact(record: dict) -> float | None:
    return record["value"]["number"] if record["value"]["bound"] == "exact" else None


def _changes(indicators: list[dict]) -> list[dict]:
    by_id = {record["id"]: record for record in indicators}
    parts: defaultdict[int, dict[str, dict]] = defaultdict(dict)
    for record in indicators:
        if record["change"] and record["change"]["of"] in by_id:
            parts[record["change"]["of"]][record["role"]] = record
    found = []
    for level_id, others in parts.items():
        level, before, change = by_id[level_id], others.get("baseline"), others.get("change")
        if not before or not change or change["change"]["direction"] is None:
            continue
        numbers = [_exact(level), _exact(before), _exact(change)]
        if None in numbers or level["value"]["unit"] != before["value"]["unit"]:
            continue
        relative = change["value"]["unit"] in ("%", "‰") and level["value"]["unit"] not in ("%", "‰")
        sign = 1 if change["change"]["direction"] == "up" else -1
        expected = _round(numbers[1] * (1 + sign * numbers[2]) if relative else numbers[1] + sign * numbers[2])
        ok = abs(expected - numbers[0]) <= TOLERANCE * max(abs(expected), abs(numbers[0]))
        told = f"{before['value']['text']} {'+' if sign > 0 else '-'} {change['value']['text']} → {level['value']['text']}"
        found.append(_row("change", [before["id"], change["id"], level_id], expected, numbers[0], ok, told))
    return found


def _rates(indicators: list[dict]) -> list[dict]:
    found = []
    for record in indicators:
        number, name = record["value"]["number"], record["indicator"]["name"] or ""
        share = record["value"]["unit"] == "%" and ("率" in name or "占" in name) and record["role"] != "change"
        if share and number is not None and number > 1 and not any(word in name for word in MAY_EXCEED):
            found.append(_row("rate-range", [record["id"]], 1.0, number, False, f"{name} {record['value']['text']}: > 100%"))
    return found


def _conflicts(indicators: list[dict]) -> list[dict]:
    groups: defaultdict[tuple, list[dict]] = defaultdict(list)
    for record in indicators:
        if record["indicator"]["name"] and record["role"] == "actual" and _exact(record) is not None:
            who = tuple(record[field]["name"] for field in ("institution", "region", "program"))
            groups[record["indicator"]["name"], *who, record["period"]["from"], record["period"]["to"], record["value"]["unit"]].append(record)
    found = []
    for key, same in groups.items():
        numbers = {record["value"]["number"] for record in same}
        if len(same) == 2 and len(numbers) == 2 and same[0]["sentence"] != same[1]["sentence"]:
            first, second = same
            found.append(_row("conflict", [first["id"], second["id"]], first["value"]["number"], second["value"]["number"], False, f"{key[0]}: {first['value']['text']} / {second['value']['text']}"))
    return found
