"""Time expressions → ISO intervals, both ends included; deictic ones need the report's year.

    2023年 → 2023-01-01..2023-12-31      1至10月 → 2023-01-01..2023-10-31     截至10月底 → ..2023-10-31
    9月1日至9月3日 → 2023-09-01..2023-09-03   去年 → the year before          近三年 → not resolvable
"""

import calendar
import re

from annotations.schema import Interval
from infer.values import chinese_number, plain_number

OPEN = Interval(None, None)
_NUM = r"(?:\d+|[一二三四五六七八九十]+)"
_YEAR = r"(?P<{0}>(?:\d{{4}}|\d{{2}}|[一二三四五六七八九〇○零]{{4}}))年?度?"
_PLANS = {"十一五": 2006, "十二五": 2011, "十三五": 2016, "十四五": 2021, "十五五": 2026, "十五": 2001}
_DEICTIC = {"今年": 0, "本年": 0, "本年度": 0, "当年": 0, "全年": 0, "年内": 0, "年度": 0, "全年度": 0, "这一年": 0, "去年": -1, "上年": -1, "上一年": -1, "上年度": -1, "上一年度": -1, "前年": -2, "明年": 1, "来年": 1, "下年": 1, "下一年": 1, "下一年度": 1, "下年度": 1, "次年": 1}
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}


def parse(text: str, year: int | None, context: Interval | None = None) -> Interval:
    """The days a PERIOD span covers; OPEN when the words do not fix them.

    `year` is the report's (None = not known); `context` the period said before it, whose days 同期 takes over.
    """
    text = re.sub(r"\s+", "", text).strip("“”\"'()")
    until = re.match(r"(?:截至|截止到?|截止至|止于)(?=.)", text)
    if until:
        return Interval(None, parse(text[until.end() :], year).end)
    text = re.sub(r"^(?:到|至|自|从|在)(?=.)", "", text)
    since = re.fullmatch(r"(.+?)(?:以来|起|至今|以后|后)", text)
    if since and not since[1].endswith("近"):
        return Interval(parse(since[1], year).start, None)
    text = re.sub(r"^(去年|今年|上年|明年)(?:一年|全年|度)$", r"\1", text)
    if text in ("一年来", "过去一年", "过去的一年", "一年"):
        return _whole_year(year) or OPEN
    if text in ("半年来", "上半年来"):
        return _within("上半年", year) or OPEN
    decade = re.fullmatch(r"(上|20|二十)(?:个)?世纪([二三四五六七八九]十|\d0)年代", text)
    if decade:
        first = 1900 + _number(decade[2])
        return Interval(f"{first}-01-01", f"{first + 9}-12-31")
    if text in ("新的一年", "新一年"):
        return _whole_year(year and year + 1) or OPEN
    same = re.fullmatch(r"(.*?)同期", text)
    if same:
        if not context or not context.start:
            return OPEN
        now = int(context.start[:4]) if year is None else year
        return _moved(context, _year_of(same[1][:4]) if re.match(r"\d{4}", same[1]) else now + _DEICTIC.get(same[1], -1))
    return _plan(text) or _span_of_two(text, year) or _point(text, year) or OPEN


def _moved(period: Interval, year: int | None) -> Interval:
    """The same days in another year: what 去年同期 means beside 1至9月."""

    def move(day: str | None) -> str | None:
        return day and year and f"{year:04d}{day[4:]}".replace("-02-29", "-02-28")

    return Interval(move(period.start), move(period.end))


def _plan(text: str) -> Interval | None:
    match = re.fullmatch(r"[“\"]?(十[一二三四五]?五)[”\"]?(?:时期|期间|规划期|末|期末|初期)?", text)
    if not match or match[1] not in _PLANS:
        return None
    first = _PLANS[match[1]]
    if text.endswith("末"):
        return Interval(None, f"{first + 4}-12-31")
    return Interval(f"{first}-01-01", f"{first + 4}-12-31")


def _year_of(text: str) -> int | None:
    if text.isdigit():
        return int(text) if len(text) == 4 else 2000 + int(text)
    number = plain_number(text) or chinese_number(text)
    return int(number) if number and 1900 < number < 2200 else None


def _leading_year(text: str, year: int | None) -> tuple[int | None, str, bool]:
    """The year a text begins with (written or deictic), the rest, and whether it said one."""
    match = re.match(r"(\d{4}|[一二三四五六七八九〇○零]{4}|\d{2}(?=年))(?:年度?|(?=[/.-]\d))", text)
    if match:
        return _year_of(match[1]), text[match.end() :].lstrip("/.-"), True
    for word in sorted(_DEICTIC, key=len, reverse=True):
        if text.startswith(word):
            return (None if year is None else year + _DEICTIC[word]), text[len(word) :], True
    return year, text, False


def _span_of_two(text: str, year: int | None) -> Interval | None:
    """Two ends joined by 至, 到 or a dash; the second takes over what it leaves out of the first."""
    match = re.fullmatch(r"(.+?)(?:-+|—+|~|至|到)(.+)", text)
    if not match or re.fullmatch(r"\d{4}-\d{1,2}(?:-\d{1,2})?", text):
        return None
    left, right = match[1], match[2]
    start_year, left_rest, said = _leading_year(left, year)
    if re.fullmatch(r"\d{4}", left) and re.match(r"\d{4}", right):
        start_year, left_rest, said = int(left), "", True
    right_year, right_rest, right_said = _leading_year(right, start_year)
    if re.fullmatch(r"\d{4}", right):
        right_year, right_rest, right_said = int(right), "", True
    if start_year is None and not right_said or right_year is None:
        return None
    if not left_rest and said:
        first: Interval | None = _whole_year(start_year)
    else:
        unit = "" if re.search(r"[月日号季]", left_rest) else (re.search(r"月份?|日|号|季度?|年", right_rest) or [""])[0]
        first = _within(left_rest + unit, right_year if right_said and not said else start_year)
    month = re.match(rf"({_NUM})月", left_rest)
    if month and re.fullmatch(rf"{_NUM}[日号]", right_rest):
        right_rest = month[0] + right_rest
    second = _whole_year(right_year) if not right_rest and right_said else _within(right_rest, right_year)
    if first and second and right_said and not said and first.start and second.end and first.start > second.end:
        first = _within(left_rest + unit, right_year - 1)  # 11月至次年2月, 11月至2024年2月
    if not first or not second or first.start and second.end and first.start > second.end:
        return None
    return Interval(first.start, second.end)


def _point(text: str, year: int | None) -> Interval | None:
    if (match := re.fullmatch(r"(\d{4})", text)) and 1900 < int(text) < 2200:
        return _whole_year(int(match[1]))
    at, rest, said = _leading_year(text, year)
    if at is None:
        return None
    if not rest:
        return _whole_year(at) if said else None
    return _within(rest, at)


def _whole_year(year: int | None) -> Interval | None:
    return None if year is None else Interval(f"{year:04d}-01-01", f"{year:04d}-12-31")


def _months(year: int, first: int, last: int) -> Interval | None:
    if not 1 <= first <= last <= 12:
        return None
    return Interval(f"{year:04d}-{first:02d}-01", f"{year:04d}-{last:02d}-{calendar.monthrange(year, last)[1]:02d}")


def _number(text: str) -> int:
    found = plain_number(text)
    return int(found) if found is not None else 0


def _within(text: str, year: int | None) -> Interval | None:
    """An expression inside one year: 上半年, 三季度, 10月, 9月1日, 年底, 前三季度, 1-9月."""
    if year is None:
        return None
    text = text.removeprefix("的")
    if text in ("上半年", "前半年"):
        return _months(year, 1, 6)
    if text in ("下半年", "后半年"):
        return _months(year, 7, 12)
    if text in ("年底", "年末", "底", "末", "岁末", "年终"):
        return Interval(None, f"{year:04d}-12-31")
    if text in ("年初", "初"):
        return Interval(f"{year:04d}-01-01", f"{year:04d}-01-01")
    if text in ("全年", "年内", "年", "年度", "当年"):
        return _whole_year(year)
    if match := re.fullmatch(r"前([一二三四两1-4])个?季度?", text):
        return _months(year, 1, 3 * (2 if match[1] == "两" else _QUARTERS[match[1]]))
    if match := re.fullmatch(r"(?:第)?([一二三四1-4])季度?(末|底)?", text):
        quarter = _QUARTERS[match[1]]
        whole = _months(year, 3 * quarter - 2, 3 * quarter)
        return Interval(None, whole.end) if match[2] else whole
    if match := re.fullmatch(r"([1-9]|1[0-2])、([1-9]|1[0-2])月份?", text):
        return _months(year, int(match[1]), int(match[2]))
    if match := re.fullmatch(rf"前({_NUM})个?月", text):
        return _months(year, 1, _number(match[1]))
    if match := re.fullmatch(rf"({_NUM})(?:-+|—+|~|至|到)({_NUM})月份?", text):
        return _months(year, _number(match[1]), _number(match[2]))
    if match := re.fullmatch(rf"({_NUM})月份?(底|末|初|上旬|中旬|下旬)?", text):
        return _month(year, _number(match[1]), match[2])
    if match := re.fullmatch(rf"({_NUM})[月/.-]({_NUM})[日号]?", text):
        month, day = _number(match[1]), _number(match[2])
        if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]:
            return Interval(*[f"{year:04d}-{month:02d}-{day:02d}"] * 2)
    return None


def _month(year: int, month: int, part: str | None) -> Interval | None:
    whole = _months(year, month, month)
    if not whole or not part:
        return whole
    if part in "底末":
        return Interval(None, whole.end)
    first, last = {"初": ("01", "10"), "上旬": ("01", "10"), "中旬": ("11", "20"), "下旬": ("21", whole.end[-2:])}[part]
    return Interval(f"{whole.start[:8]}{first}", f"{whole.start[:8]}{last}")


RELATIVE = re.compile(r"同期|去年|上年|上一年|前年|次年|以来|[年月]?[末底初]$|近")


def parse_all(spans: list[tuple[int, int]], text: str, year: int | None) -> list[Interval]:
    """The days of every PERIOD span (clean offsets, in order) of a text.

    同期 takes over the days of the last period of more than a day that is not itself relative; 上年 is the year before the first
    year its sentence names, unless that is where a 由A到B starts.
    """
    found: list[Interval] = []
    last: Interval | None = None
    sentence, named = -1, None  # where the sentence of `named` ends, and the year it named first
    for start, end in spans:
        words = text[start:end]
        if start > sentence:
            stop = re.search(r"[。！？!?\n]", text[start:])
            sentence, named = (start + stop.start() if stop else len(text)), None
        days = parse(words, named if named and words in BEFORE_LAST else year, last)
        found.append(days)
        if days.end and not days.start:  # 截至10月底: what it is compared with began with the year
            last = Interval(f"{days.end[:4]}-01-01", days.end)
        if days.start and days.start != days.end and not RELATIVE.search(words):
            last = days
            if named is None and text[max(0, start - 1) : start] not in ("由", "从") and days.start[:4] == (days.end or days.start)[:4]:
                named = int(days.start[:4])
    return found


BEFORE_LAST = ("上年", "上一年", "上年度", "上一年度")
