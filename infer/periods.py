"""Time expressions → ISO intervals, both ends included; deictic ones need the report's year.

    2023年 → 2023-01-01..2023-12-31      1至10月 → 2023-01-01..2023-10-31     截至10月底 → ..2023-10-31
    9月1日至9月3日 → 2023-09-01..2023-09-03   去年 → the year before          近三年 → not resolvable

    period = 截至 point | period (以来|起|…) | period 前 | plan | decade | 同期 | range | list | point
    range  = point dash point         list = point (、|和) point …, without a gap between them
    point  = [year] within            within = 上半年, 三季度, 10月, 9月1日, 年底 …

Where the words leave the days open – 10年 may be a stretch, 年底至年初 names no first day – nothing is resolved.
"""

import calendar
import re
from datetime import date, timedelta

from annotations.schema import Interval
from corpus.plans import PLAN, REVIEW
from infer.values import chinese_number, plain_number

OPEN = Interval(None, None)
_NUM = r"(?:\d+|[一二三四五六七八九十]+)"
_DASH = r"(?:-+|—+|~|～|至|到)"
_PLANS = {"七五": 1986, "八五": 1991, "九五": 1996, "十一五": 2006, "十二五": 2011, "十三五": 2016, "十四五": 2021, "十五五": 2026, "十五": 2001}
_YEARS = {  # words for a year, by how far it is from the report's
    -2: ("前年",),
    -1: ("去年", "上年", "上一年", "上年度", "上一年度"),
    0: ("今年", "本年", "本年度", "当年", "全年", "年内", "年度", "全年度", "这一年"),
    1: ("明年", "来年", "下年", "下一年", "下一年度", "下年度", "次年"),
}
_DEICTIC = {word: years for years, words in _YEARS.items() for word in words}
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}

# One way of writing for every date in figures: 2023.1 → 2023年1月, 2023-1-5 → 2023年1月5日, 9.1 → 9月1日; the hour of a day is dropped.
_WRITTEN_OUT = [
    (re.compile(r"元月"), "1月"),
    (re.compile(r"(?<!\d)(\d{4})([./-])(\d{1,2})\2(\d{1,2})[日号]?(?![\d.])"), r"\1年\3月\4日"),
    (re.compile(r"(?<!\d)(\d{4})[./](\d{1,2})月?(?![\d./])"), r"\1年\2月"),
    (re.compile(r"^(\d{4})-(0?[1-9]|1[0-2])月?$"), r"\1年\2月"),
    (re.compile(r"(?<![\d./])(\d{1,2})[./](\d{1,2})[日号]?(?![\d./])"), r"\1月\2日"),
    (re.compile(r"(?<=[日号])(?:零|0|[1-9]|1\d|2[0-4])[时点](?=$|起|前|后|以|之)"), ""),
]


def parse(text: str, year: int | None, context: Interval | None = None) -> Interval:
    """The days a PERIOD span covers; OPEN when the words do not fix them.

    `year` is the report's (None = not known); `context` the period said before it, whose days 同期 takes over.
    """
    text = re.sub(r"\s+", "", text).strip("“”\"'()")
    for pattern, written in _WRITTEN_OUT:
        text = pattern.sub(written, text)
    until = re.match(r"(?:截至|截止到?|截止至|止于)(?=.)", text)
    if until:
        return Interval(None, parse(text[until.end() :], year).end)
    text = re.sub(r"^(?:到|至|自|从|在)(?=.)", "", text)
    since = re.fullmatch(r"(.+?)(?:以来|起|至今|以后|后)", text)
    if since and not since[1].endswith("近"):
        return Interval(parse(since[1], year).start, None)
    before = re.fullmatch(r"(.+?)(?:之前|以前|前)", text)
    if before:
        return _before(parse(before[1], year)) if before[1] != "年" else OPEN  # 年前 is the lunar new year's
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
    return _plan(text) or _point(text, year) or _range(text, year) or _list(text, year) or OPEN


def _before(period: Interval) -> Interval:
    """What 前 leaves of a period: its end when that is one day or an end (6月30日前, 年底前), else the day before it begins (2030年前 → ..2029-12-31)."""
    if period.start is None or period.start == period.end:
        return Interval(None, period.end)
    return Interval(None, _next_day(period.start, -1))


def _next_day(day: str, days: int = 1) -> str:
    return (date.fromisoformat(day) + timedelta(days)).isoformat()


def _moved(period: Interval, year: int | None) -> Interval:
    """The same days in another year: what 去年同期 means beside 1至9月."""

    def move(day: str | None) -> str | None:
        return day and year and f"{year:04d}{day[4:]}".replace("-02-29", "-02-28")

    return Interval(move(period.start), move(period.end))


def _plan(text: str) -> Interval | None:
    match = re.fullmatch(r"[“\"]?([七八九]五|十[一二三四五]?五)[”\"]?(?:时期|期间|规划期|末|期末|初期)?", text)
    if not match or match[1] not in _PLANS:
        return None
    first = _PLANS[match[1]]
    if text.endswith("末"):
        return Interval(None, f"{first + 4}-12-31")
    return Interval(f"{first}-01-01", f"{first + 4}-12-31")


def _year_of(text: str) -> int | None:
    """`2023`, `二〇二三`; two digits are a year from 1950 to 2049: `98` → 1998, `21` → 2021."""
    if re.fullmatch(r"\d\d", text):
        return int(text) + (1900 if int(text) >= 50 else 2000)
    number = plain_number(text) or chinese_number(text)
    return int(number) if number and 1000 < number < 2200 else None


def _leading_year(text: str, year: int | None, before: int | None = None) -> tuple[int | None, str, bool]:
    """The year a text begins with (written or deictic), the rest, and whether it said one. 次年 follows `before`, the others the report's year.

    Two digits alone name a year only where they hardly count any: 98年, 08年, but 10年 and 70年 may be stretches of time. 10年3月 names one.
    """
    if re.fullmatch(r"[1-4]\d年|[5-9][05]年", text):
        return None, "", True
    if match := re.match(r"(\d{4}|[一二三四五六七八九〇○零]{4}|\d{2})年度?", text):
        return _year_of(match[1]), text[match.end() :], True
    for word in sorted(_DEICTIC, key=len, reverse=True):
        if text.startswith(word):
            base = before if word == "次年" and before else year
            return (None if base is None else base + _DEICTIC[word]), text[len(word) :], True
    return year, text, False


def _range(text: str, year: int | None) -> Interval | None:
    """Two ends joined by 至, 到 or a dash; each takes over what it leaves out of the other. None when the first names no day to start from."""
    match = re.fullmatch(rf"(.+?){_DASH}(.+)", text)
    if not match:
        return None
    left, right = (re.sub(r"^(\d{4})$", r"\1年", end) for end in match.groups())
    left_year, left_rest, left_said = _leading_year(left, year)
    right_year, right_rest, right_said = _leading_year(right, year, left_year)
    if not right_said:
        right_year = left_year
    unit = re.search(r"月份?|日|号|季度?", right_rest)
    if re.search(rf"(?:^|月){_NUM}$", left_rest) and (unit or left_said):
        left_rest += unit[0] if unit else "日" if "月" in left_rest else "月"
    if re.fullmatch(_NUM, right_rest) and (unit := re.search(r"(月|日|号|季度)$", left_rest)):  # 2023年10-12
        right_rest += unit[0]
    month = re.match(rf"{_NUM}月", left_rest)
    if month and re.fullmatch(rf"{_NUM}[日号]", right_rest):
        right_rest = month[0] + right_rest
    last = _end(right_rest, right_year, right_said)
    first = _end(left_rest, right_year if right_said and not left_said else left_year, left_said)
    if right_said and not left_said and first and last and first.start and last.end and first.start > last.end:
        first = _within(left_rest, right_year - 1)  # 11月至次年2月, 11月至2024年2月
    if not first or not last or not first.start or not last.end or first.start > last.end:
        return None
    return Interval(first.start, last.end)


def _list(text: str, year: int | None) -> Interval | None:
    """2021年和2022年, 2020、2021年, 5、6月: one stretch when each follows the one before it without a gap."""
    parts = re.split("[、和及与]", text)
    unit = re.search(r"(?:年度?|月份?|季度?)$", text)
    if len(parts) < 2 or not unit:
        return None
    found: list[Interval] = []
    whole = set()  # whether years are listed or parts of years: never both
    at = year
    for part in parts:
        own, rest, said = _leading_year(re.sub(rf"({_NUM})$", rf"\1{unit[0]}", part), year)
        at = own if said else at
        days = _end(rest, at, said)
        whole.add(not rest)
        if len(whole) > 1 or not days or not days.start or not days.end or found and _next_day(found[-1].end) != days.start:
            return None
        found.append(days)
    return Interval(found[0].start, found[-1].end)


def _point(text: str, year: int | None) -> Interval | None:
    """One expression: a year, or something inside of one."""
    at, rest, said = _leading_year(re.sub(r"^(\d{4})$", r"\1年", text), year)
    return _end(rest, at, said)


def _end(rest: str, year: int | None, said: bool) -> Interval | None:
    """What is left of an expression once its year is taken off; nothing left means the year itself."""
    return _within(rest, year) if rest else _whole_year(year) if said else None


def _whole_year(year: int | None) -> Interval | None:
    return None if year is None else Interval(f"{year:04d}-01-01", f"{year:04d}-12-31")


def _months(year: int, first: int, last: int) -> Interval | None:
    if not 1 <= first <= last <= 12:
        return None
    return Interval(f"{year:04d}-{first:02d}-01", f"{year:04d}-{last:02d}-{calendar.monthrange(year, last)[1]:02d}")


def _number(text: str) -> int:
    found = plain_number(text)
    return int(found) if found is not None else 0


_HALVES = {"上半年": (1, 6), "前半年": (1, 6), "下半年": (7, 12), "后半年": (7, 12), "全年": (1, 12), "年内": (1, 12), "年": (1, 12), "年度": (1, 12), "当年": (1, 12)}


def _within(text: str, year: int | None) -> Interval | None:
    """An expression inside one year: 上半年, 三季度, 10月, 9月1日, 年底, 前三季度."""
    if year is None:
        return None
    text = text.removeprefix("的")
    if text in _HALVES:
        return _months(year, *_HALVES[text])
    if text in ("年底", "年末", "底", "末", "岁末", "年终"):
        return Interval(None, f"{year:04d}-12-31")
    if text in ("年初", "初"):
        return Interval(f"{year:04d}-01-01", f"{year:04d}-01-01")
    if match := re.fullmatch(r"前([一二三四两1-4])个?季度?", text):
        return _months(year, 1, 3 * (2 if match[1] == "两" else _QUARTERS[match[1]]))
    if match := re.fullmatch(r"第?([一二三四1-4])季度?(末|底)?", text):
        quarter = _QUARTERS[match[1]]
        whole = _months(year, 3 * quarter - 2, 3 * quarter)
        return Interval(None, whole.end) if match[2] else whole
    if match := re.fullmatch(rf"前({_NUM})个?月", text):
        return _months(year, 1, _number(match[1]))
    if match := re.fullmatch(rf"({_NUM})月份?(底|末|初|上旬|中旬|下旬|上中旬|中下旬)?", text):
        return _month(year, _number(match[1]), match[2])
    if match := re.fullmatch(rf"({_NUM})月({_NUM})[日号]?", text):
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
    first, last = {"初": ("01", "10"), "上旬": ("01", "10"), "中旬": ("11", "20"), "下旬": ("21", whole.end[-2:]), "上中旬": ("01", "20"), "中下旬": ("11", whole.end[-2:])}[part]
    return Interval(f"{whole.start[:8]}{first}", f"{whole.start[:8]}{last}")


_STOP = re.compile(r"[。！？!?\n]")
RELATIVE = re.compile(r"同期|去年|上年|上一年|前年|次年|以来|[年月]?[末底初]$|近")


_NEXT = re.compile(r"明年|来年|下一?年度?|新的一年|(20\d\d)年度?")
_OPENS_NEXT = re.compile(r"(?:展望)?(?:明年|来年|下一年|新的一年)(?!即将|已经)|展望20\d\d年")
_FROM_THE_REPORT = re.compile(r"[“\"']?(?:明年|来年|下一?年|次年|新的?一年|过去|一年来|(?:上)?半年来|去年|上年|上一年|前年)")  # counted from the report's year wherever they stand


def _year_ahead(text: str, year: int | None, title: str | None) -> int:
    """Where a text turns to plans for the year after the report's: the first line that says so and is not its title, else the end of the text."""
    start = 0
    for line in text.split("\n"):
        head = line.strip()
        said = _NEXT.search(head[:30])
        heading = re.fullmatch(r"[^。;；,，]{1,30}", head) and (PLAN.search(head) or "重点工作" in head)
        opening = _OPENS_NEXT.match(re.sub(r"^\W*[一二三四五六七八九十\d]*\W+", "", head))
        if year and start and head != title and said and (heading or opening) and not REVIEW.search(head[:30]) and (not said[1] or int(said[1]) == year + 1):
            return start
        start += len(line) + 1
    return len(text)


def parse_all(spans: list[tuple[int, int]], text: str, year: int | None, title: str | None = None) -> list[Interval]:
    """The days of every PERIOD span (clean offsets, in order) of a text.

    同期 takes over the days of the last period of more than a day that is not itself relative; 上年 is the year before the first
    year its sentence names, unless that is where a 由A到B starts. Where the text plans for the next year, 年底 and 今年 are that year's.
    """
    ahead = _year_ahead(text, year, title)
    found: list[Interval] = []
    last: Interval | None = None
    sentence, named = -1, None  # where the sentence of `named` ends, and the year it named first
    for start, end in spans:
        words = text[start:end]
        if start > sentence:
            stop = _STOP.search(text, start)
            sentence, named = (stop.start() if stop else len(text)), None
        own = year + 1 if year and start >= ahead and not _FROM_THE_REPORT.match(words) else year
        days = parse(words, named if named and words in BEFORE_LAST else own, last)
        found.append(days)
        if days.end and not days.start and not words.endswith("前"):  # 截至10月底: what it is compared with began with the year
            last = Interval(f"{days.end[:4]}-01-01", days.end)
        if days.start and days.start != days.end and not RELATIVE.search(words):
            last = days
            if named is None and text[max(0, start - 1) : start] not in ("由", "从") and days.start[:4] == (days.end or days.start)[:4]:
                named = int(days.start[:4])
    return found


BEFORE_LAST = ("上年", "上一年", "上年度", "上一年度")
