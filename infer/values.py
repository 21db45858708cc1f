"""Quantities as Chinese reports write them → number, interval, bound and unit (contract.md). By grammar, never by the network.

    95.21%  → 0.9521 %            1900余人次 → ≥1900 人次          40多万份 → ≥400000 份
    4‰以内  → ≤0.004 ‰            636.69/10万 → 0.0063669 /10万     每人每月610元 → 610 元/人·月
    9个百分点 → 0.09 个百分点      65%-70% → 0.65..0.7 %            十二家 → 12 家

    quantity = (bound | payee | per N)* body bound*         每人每月 不低于 610元        300名 以上
    body     = fraction | tenths | ratio | half | duration | range | amount unit
    range    = amount [unit] dash amount unit               8-10万条
    amount   = numeral [more] [scale] [more] | vague        120余万, 3万5千, 三五百, 十几, 数百, 上万
    numeral  = Arabic, commas between groups of three only | Chinese

Input is clean text (folded, simplified, noise-free). What cannot be read has number None and says so; nothing is guessed:
where two readings are possible (三至五十人: 3..50 or 30..50) or something is left over (5元5角), nothing is read.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from annotations.schema import Quantity

NOTHING = Quantity(None, None, None, "exact", None)

# ---- numerals ----

DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "俩": 2, "仨": 3}
SCALE = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_PLAIN = str.maketrans("〇○壹贰叁肆伍陆柒捌玖拾佰仟", "零零一二三四五六七八九十百千")

_CN = "零〇○一二三四五六七八九十百千万亿两俩仨半壹贰叁肆伍陆柒捌玖拾佰仟"
_ARABIC = r"-?(?:\d{1,3}(?:[, ]\d{3})+|\d+)(?:\.\d+)?"
_DECIMAL = rf"[{_CN}]+点[零〇一二三四五六七八九]+"
NUMBER = rf"(?:{_ARABIC}|{_DECIMAL}|[{_CN}]+)"
_OWN = r"十?[百千万]分点|[百千万]瓦时?|[百千]帕|千(?:克|米|卡|伏|焦|赫)"  # numerals that belong to a unit: 10千克 is no 10000克
_SCALE = rf"(?!{_OWN})(?:[十百千]?(?:万亿|万|亿)|[十百千])"
_DASH = r"(?:-|—+|~|～|至|到)"


def chinese_number(text: str) -> Decimal | None:
    """`十二` → 12, `一百零五` → 105, `一千五` → 1500, `三点五` → 3.5, `百` → 100, `二〇二三` → 2023; None when it is no numeral.

    Two digits side by side are none: 三五, 两三 and 十七八 are ranges (see `_pair`).
    """
    if text == "半":
        return Decimal("0.5")
    whole, point, fraction = text.translate(_PLAIN).partition("点")
    if point:
        head = _counted(whole)
        if head is None or not fraction or any(char not in DIGITS for char in fraction):
            return None
        return head + Decimal("0." + "".join(str(DIGITS[char]) for char in fraction))
    if re.fullmatch("[零一二三四五六七八九]{2,}", whole) and (len(whole) > 2 or "零" in whole):
        return Decimal("".join(str(DIGITS[char]) for char in whole))
    number = _counted(whole)
    return None if number is None else Decimal(number)


def _counted(text: str, inner: bool = False) -> int | None:
    """A numeral read at its largest scale: what stands before counts it, what stands behind is smaller. `两万三` → 23000."""
    if text in DIGITS:
        return DIGITS[text]
    scale = next((char for char in "亿万千百十" if char in text), "")
    if not scale or text.count(scale) > 1:
        return None
    head, _, tail = text.partition(scale)
    if not head and scale != "十" and (tail or inner):  # 百八十 is said of some hundred, not of 180
        return None
    size, count = SCALE[scale], _counted(head) if head else 1
    if not count or count >= (10**8 if scale == "亿" else 10**4 if scale == "万" else 10):
        return None
    if not tail:
        return count * size
    if tail in DIGITS and size > 10:  # 一百五, 两万三: the digit counts the next scale down
        return count * size + DIGITS[tail] * size // 10 if DIGITS[tail] else None
    rest = _counted(tail.removeprefix("零"), inner=True)
    return count * size + rest if rest and rest < size else None


def plain_number(text: str) -> Decimal | None:
    """An Arabic or Chinese numeral without scale: `1,482`, `1 482`, `十二`; None when it is neither."""
    text = text.strip()
    if re.fullmatch(_ARABIC, text):
        return Decimal(text.replace(",", "").replace(" ", ""))
    return chinese_number(text)


def _size(scale: str | None) -> int:
    """千万 → 10000000; nothing → 1."""
    return math.prod(SCALE[char] for char in scale or "")


# ---- figures ----


@dataclass(frozen=True, slots=True)
class Amount:
    """A numeral at the start of a text: number, or the range `number`..`high` that it leaves open, and what follows.

    `scale` is the one it ends in, which the first end of a range may share: 3-5万, 三至五百.
    """

    number: Decimal
    rest: str
    scale: str = ""
    high: Decimal | None = None
    bounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """What the body of a quantity says, in base units."""

    number: Decimal
    unit: str | None
    high: Decimal | None = None
    bounds: tuple[str, ...] = ()

    def over(self, base: int | Decimal, unit: str | None) -> "Figure":
        """The same for every `base`: 3.4 of 100,000 → 0.000034."""
        return replace(self, number=self.number / base, high=None if self.high is None else self.high / base, unit=unit)


# ---- what stands before and after ----

_CURRENCY = ("人民币", "¥", "￥")
BEFORE = {
    "approx": ("约", "大约", "近", "将近", "接近", "大概", "约为", "约占"),
    "more_than": ("超", "超过", "逾", "多于", "高于", "大于", "突破", "超出", ">", "﹥"),
    "at_least": ("不少于", "不低于", "至少", "不小于", "最少", "满", "≥", "≧", ">="),
    "less_than": ("不足", "不及", "不到", "不满", "未满", "低于", "少于", "小于", "<", "﹤"),
    "at_most": ("不超过", "不高于", "不多于", "不大于", "最多", "至多", "不超", "≤", "≦", "<="),
    None: ("达到", "达", "年均", "月均", "日均", "次均", "例均", "平均", "各", "均", "共计", "总计", "合计", "共", "总", "为", *_CURRENCY),
}
AFTER = {
    "at_least": ("及以上", "以上", "或以上", "出头", "+"),
    "at_most": ("及以下", "以下", "以内", "之内", "内"),
    "approx": ("左右", "上下", "许"),
}


def _any(words: Iterable[str]) -> str:
    """An alternative that prefers the longer word."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_BOUND_BEFORE = {word: bound for bound, words in BEFORE.items() for word in words}
_BOUND_AFTER = {word: bound for bound, words in AFTER.items() for word in words}
_BASES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "十万": 10**5, "10万": 10**5, "1万": 10**4, "1千": 1000, "1百": 100, "100": 100, "1000": 1000, "10000": 10**4, "100000": 10**5}
_PER_UNIT = {10: "/十", 100: "/百", 1000: "/千", 10**4: "/万", 10**5: "/10万"}
_COUNTED = r"(?:人次|[人名例张个位家所床次支只台辆件户])"  # what a rate counts, and what it does not name: 3.2人/千人 is 0.0032 /千
_POPULATION = r"(?:(?:常住|户籍|服务)?(?:人口|人次|人年|人)|例|活产)"
_NEXT = rf"(?=每|\d|[{_CN}]|约|近|超|逾|不|至少|最|[≥≤<>])"
_PREFIX = re.compile(_any(_BOUND_BEFORE))
_SUFFIX = re.compile(rf"(?:{_any(_BOUND_AFTER)})$")
_PER = re.compile(rf"每({_any(_BASES)})(?:{_POPULATION}|[名户例][一-鿿]{{0,6}}?)?(?:拥有|有)?{_NEXT}")
_PAYEE = re.compile(rf"每([^\d每]{{1,4}}?){_NEXT}|(人|户)均")
_MONEY = re.compile(r"(?:人民币)?(美元|港元|港币|欧元|日元|元)(?:人民币|整)?")
_FEE = re.compile(r"(?:每|/)([^\d每/·]{1,3})")  # what an amount is paid for: /人·月, 每班


def parse(text: str, label: str = "COUNT") -> Quantity:
    """The quantity of one value span; `label` decides how bare numbers and ranks are read."""
    text = re.sub(r"\s+|\(含(?:本数)?\)", "", text)  # one span is one number: `8 9 8人` is 898人
    try:
        return _rank(text) if label == "RANK" else _parse(text, label)
    except ArithmeticError:  # digits without end: no figure
        return NOTHING


def _parse(text: str, label: str) -> Quantity:
    bounds: list[str] = []
    payee: list[str] = []
    base, currency = None, ""
    if label == "MONEY":
        text = re.sub(r"块钱?(?=$|以|左|上)", "元", text)
    while found := _PER.match(text) or _PREFIX.match(text) or _PAYEE.match(text):  # 每人每月不低于610元: in any order
        if found.re is _PER:
            base = _BASES[found[1]]
        elif found.re is _PAYEE:
            payee.append(found[1] or found[2])
        elif found[0] in _CURRENCY:
            currency = "" if _MONEY.search(text, found.end()) else "元"
        elif bound := _BOUND_BEFORE[found[0]]:
            bounds.append(bound)
        text = text[found.end() :]
    while (after := _SUFFIX.search(text)) and after.start():
        bounds.append(_BOUND_AFTER[after[0]])
        text = text[: after.start()]
    figure = _body(text + currency)
    if figure and base:
        figure = figure.over(base, _PER_UNIT[base]) if re.fullmatch(_COUNTED, figure.unit or "人") else None
    return _quantity(figure and _paid_for(figure, payee), bounds)


def _paid_for(figure: Figure, payee: list[str]) -> Figure:
    """元, 元/月 for 人 → 元/人, 元/人·月. Shares and rates stay what they are."""
    unit, _, own = (figure.unit or "").partition("/")
    if not payee or not unit and own or re.fullmatch(r"[%‰成:]|个.{1,2}分点", unit):
        return figure
    return replace(figure, unit=f"{unit}/{'·'.join([*payee, own] if own else payee)}")


def _quantity(figure: Figure | None, said: list[str]) -> Quantity:
    """A figure and the bounds said of it. Of several an approximate one wins, otherwise the first; a range takes no other bound."""
    if not figure:
        return NOTHING
    bounds = [*said, *figure.bounds]
    if figure.high is not None:
        open_end = any(bound != "approx" for bound in bounds)  # 3-5名以上: neither a range nor one number
        return NOTHING if open_end or figure.number >= figure.high else Quantity.of_range(_float(figure.number), _float(figure.high), figure.unit)
    return Quantity.of_bound("approx" if "approx" in bounds else bounds[0] if bounds else "exact", _float(figure.number), figure.unit)


def _float(number: Decimal) -> float:
    found = float(number)
    if math.isinf(found):
        raise OverflowError(f"{number} is no figure")
    return found


# ---- body ----


def _body(text: str) -> Figure | None:
    """A quantity without what stands before and after it."""
    return _fraction(text) or _tenths(text) or _ratio(text) or _half(text) or _duration(text) or _range(text) or _single(text)


def _fraction(text: str) -> Figure | None:
    """三分之二 → 2/3, 百分之九十 → 0.9 %, 百分之八九十 → 0.8..0.9 %."""
    match = re.fullmatch(rf"({NUMBER})分之(.+?)(强)?", text)
    base = match and plain_number(match[1])
    written = base and re.sub(rf"({_DASH}){match[1]}分之", r"\1", match[2])
    part = written and (_range(written) or _single(written))
    if not part or part.unit:
        return None
    unit = {100: "%", 1000: "‰", 10**4: "/万", 10**5: "/10万"}.get(base)
    found = part.over(base, unit)
    if unit is None:
        found = replace(found, number=found.number.quantize(Decimal("1e-6")), high=found.high and found.high.quantize(Decimal("1e-6")))
    return replace(found, bounds=(*found.bounds, "more_than")) if match[3] else found


def _tenths(text: str) -> Figure | None:
    """九成 → 0.9, 九成五 → 0.95, 六成半 → 0.65, 七成多 → ≥0.7, 八九成 → 0.8..0.9, 三至五成 → 0.3..0.5."""
    match = re.fullmatch(rf"(?P<first>[^成]+?)(?:成(?P<more>[一二三四五六七八九半])?)?{_DASH}(?P<last>[^成]+)成(?P<more2>[一二三四五六七八九半])?", text)
    if match:
        low, high = _tenth(match["first"], match["more"]), _tenth(match["last"], match["more2"])
        ends = low and high and low.high is None and high.high is None and not low.bounds + high.bounds
        return replace(low, high=high.number) if ends else None
    match = re.fullmatch(r"([^成]+)成([余多])?([一二三四五六七八九半])?", text)
    found = match and _tenth(match[1], match[3])
    return replace(found, bounds=(*found.bounds, "at_least")) if found and match[2] else found


def _tenth(numeral: str, more: str | None) -> Figure | None:
    amount = _amount(numeral)
    if not amount or amount.rest or not 0 <= amount.number <= 10 or amount.high is not None and more:
        return None
    extra = Decimal("0.5") if more == "半" else Decimal(DIGITS[more or "零"]) / 10
    return Figure((amount.number + extra) / 10, "成", None if amount.high is None else amount.high / 10, amount.bounds)


def _ratio(text: str) -> Figure | None:
    """1:1.6 → 0.625, 1:2.1万, 1/10, 一比二 → 0.5."""
    if chinese := re.fullmatch(rf"({NUMBER})比({NUMBER})", text):  # 一比一点五
        first, second = (plain_number(number) for number in chinese.groups())
        return Figure((first / second).quantize(Decimal("1e-9")).normalize(), ":") if first is not None and second else None
    match = re.fullmatch(rf"({_ARABIC})(万?)[:∶比/]({_ARABIC})(万?)", text)
    if not match or "/" in text and match[4]:
        return None
    first, second = plain_number(match[1]) * _size(match[2]), plain_number(match[3]) * _size(match[4])
    return Figure((first / second).quantize(Decimal("1e-9")).normalize(), None if "/" in text else ":") if second else None


def _half(text: str) -> Figure | None:
    """一半 → 0.5, 过半 → >0.5, 四个半小时 → 4.5 个小时, 两年半 → 2.5 年."""
    if re.fullmatch(r"[一过大]半(?:数)?|半数", text):
        return Figure(Decimal("0.5"), None, None, ("more_than",) if text[0] in "过大" else ())
    match = re.fullmatch(rf"({NUMBER})(?:(个)半(.+)|(年|个?月|周|天|日|倍|斤|亩)半)", text)
    whole = match and plain_number(match[1])
    unit = match and (match[4] or _unit(match[2] + match[3]))
    return Figure(whole + Decimal("0.5"), unit) if whole is not None and whole == int(whole) and unit else None


def _duration(text: str) -> Figure | None:
    """9分42秒 → 582 秒, 1小时20分钟 → 80 分钟: hours, minutes and seconds side by side count in the smaller, whose number is below 60."""
    match = re.fullmatch(rf"({NUMBER})(个?小时|分钟?)零?({NUMBER})(分钟?|秒钟?)", text)
    first, second = (plain_number(match[1]), plain_number(match[3])) if match else (None, None)
    if first is None or second is None or first != int(first) or second >= 60 or match[2].endswith("时") == match[4].startswith("秒"):
        return None
    return Figure(first * 60 + second, match[4])


def _single(text: str) -> Figure | None:
    amount = _amount(text)
    return amount and _with_unit(amount)


def _range(text: str) -> Figure | None:
    """Two amounts: 65%-70%, 3至5万元, 8000-1.2万元; 5、6个 when the second is the next after the first."""
    match = re.fullmatch(rf"(.+?)({_DASH}|、)(.+)", text)
    first, last = (_amount(match[1]), _amount(match[3])) if match else (None, None)
    if not first or not last or first.bounds or last.bounds or first.high is not None or last.high is not None:
        return None
    if match[2] == "、" and (first.rest or first.scale or last.number != first.number + 1):
        return None
    if not first.rest:
        shared = _shared(first, last)
        if shared is None:
            return None
        first = replace(first, number=first.number * shared, rest=last.rest)
    elif first.rest in "%‰" and not last.rest:  # 80%-90
        last = replace(last, rest=first.rest)
    low, high = _with_unit(first), _with_unit(last)
    if not low or not high or low.number >= high.number or low.unit not in (high.unit, (high.unit or "").partition("/")[0]):
        return None
    return Figure(low.number, high.unit, high.number)


def _shared(first: Amount, last: Amount) -> int | None:
    """The scale that the first end of a range takes over from the last; 1 when none, None when the words leave it open.

    3-5万 → 万, 三至五百 → 百, 三十至五十万 → 万, 8000-1.2万 and 五至三十 → none, 三至五十 and 5-3万 → open.
    """
    scale = last.scale
    if re.search("[万亿]", first.scale):
        return 1
    if first.scale:  # a small one of its own
        scale = scale.lstrip("十百千")
    if not scale:
        return 1
    count = last.number / _size(last.scale)
    if scale[0] == "十":
        return None if first.number < count else _size(scale[1:])
    if first.number * _size(scale) < last.number:
        return _size(scale)
    return 1 if first.number >= 10 * last.number / _size(scale) else None


# ---- amounts ----

LONGEST = 24  # characters of a Chinese numeral: 九千九百九十九万九千九百九十九亿… has no more
_MORE = "[余多来+]"
_TAIL = re.compile(rf"{_MORE}({_SCALE})?{_MORE}?")
_ROUND = re.compile(rf"(?P<head>好几|[数几好上过])(?P<scale>{_SCALE})(?P<more>{_MORE})?")
_SOME = re.compile(rf"(?P<number>\d+|[{_CN}]+)几(?P<step>[十百千]?)(?P<scale>[万亿]?)")
_PAIR = re.compile(r"(.*[十百千万亿])?([一二三四五六七八九两])([一二三四五六七八九两])([十百千]?(?:万亿|万|亿)?)")


def _amount(text: str) -> Amount | None:
    """The numeral at the start of a text, with its scale and with the bound that 余 and 多 add."""
    return _vague(text) or _arabic(text) or _chinese(text)


def _vague(text: str) -> Amount | None:
    """数百 → 200..1000, 上万 → ≥10000, 过万 → >10000, 十几 → 11..19, 一百几十 → 110..190."""
    if match := _ROUND.match(text):
        size = Decimal(_size(match["scale"]))
        rest = text[match.end() :]
        if match["head"] in "上过":
            return Amount(size, rest, bounds=("at_least" if match["head"] == "上" else "more_than",))
        return Amount(2 * size, rest, high=10 * size)
    if match := _SOME.match(text):
        number, step = plain_number(match["number"]), _size(match["step"])
        if number and number % (10 * step) == 0 and number < 100 * step:
            size = _size(match["scale"])
            return Amount((number + step) * size, text[match.end() :], high=(number + 9 * step) * size)
    return None


def _arabic(text: str) -> Amount | None:
    """1,482 · 1.5亿 · 120余万 · 3万5千 · 1亿2000万. 3万5 and 3千5百万 can be read in two ways: None."""
    match = re.match(rf"({_ARABIC})({_SCALE})?", text)
    if not match:
        return None
    number, limit, rest = plain_number(match[1]), _size(match[2]), text[match.end() :]
    if not match[2] or not re.match(r"\d", rest):
        return _ended(number * limit, match[2] or "", rest)
    total = number * limit
    while part := re.match(rf"(\d+)({_SCALE})?", rest):  # each part smaller than the scale before; without scale it fills every place
        amount = Decimal(part[1]) * _size(part[2])
        if amount >= limit or not part[2] and len(part[1]) != len(str(limit)) - 1:
            return None
        total, limit, rest = total + amount, _size(part[2]), rest[part.end() :]
    return _ended(total, "", rest) if number == int(number) else None


def _chinese(text: str) -> Amount | None:
    """The longest numeral: 三千米 is 3000米, 十千米 is 10千米 (十千 is none); 四点八万."""
    if match := re.match(rf"({_DECIMAL})({_SCALE})?", text):
        number = chinese_number(match[1])
        return None if number is None else _ended(number * _size(match[2]), match[2] or "", text[match.end() :])
    match = re.match(rf"[{_CN}]+", text)
    for end in range(min(match.end(), LONGEST) if match else 0, 0, -1):
        written, rest = text[:end], text[end:]
        if rest.startswith(("分点", "分之")):  # 三千分点: 3 of 千分点
            continue
        if (pair := _pair(written)) and (rest or written[-1] != "两"):  # 一两 alone is a weight
            return Amount(pair[0], rest, high=pair[1])
        number = chinese_number(written)
        if number is not None:
            count, small, large = re.fullmatch(r"(.*?)([十百千]?)((?:万亿|万|亿)?)", written.translate(_PLAIN)).groups()
            own = small if len(count) == 1 else ""  # 三百 is three of 百; in 一百二十 the 十 counts nothing else
            return _ended(number, own + large if count or small else "", rest)
    return None


def _pair(numeral: str) -> tuple[Decimal, Decimal] | None:
    """Neighbours (or 三五) side by side: 一两 → 1, 2; 两三百 → 200, 300; 十七八 → 17, 18; 三五万 → 30000, 50000."""
    match = _PAIR.fullmatch(numeral)
    if not match or DIGITS[match[3]] != DIGITS[match[2]] + 1 and match[2] + match[3] != "三五":
        return None
    low, high = (chinese_number((match[1] or "") + digit + match[4]) for digit in (match[2], match[3]))
    return None if low is None or high is None else (low, high)


def _ended(number: Decimal, scale: str, rest: str) -> Amount:
    """余, 多 and + behind a numeral, and the scale that may follow them: 40多万, 1万余, 10000+."""
    tail = _TAIL.match(rest)
    if not tail:
        return Amount(number, rest, scale)
    return Amount(number * _size(tail[1]), rest[tail.end() :], scale + (tail[1] or ""), None, ("at_least",))


# ---- units ----


def _with_unit(amount: Amount) -> Figure | None:
    """An amount and the unit behind it: 3个多月 → ≥3 个月, 3.14张/千人 → 0.00314 /千, 0.5百分点 → 0.005 个百分点."""
    rest, bounds = amount.rest, amount.bounds
    late = re.fullmatch(r"(个?)[余多](.+)|(.{1,3})[余多+]", rest)  # 3个多月, 12万多元, 12年余
    if late:
        rest, bounds = late[3] or late[1] + late[2], (*bounds, "at_least")
    figure = Figure(amount.number, None, amount.high, bounds)
    if not rest:
        return figure
    if match := re.fullmatch(r"([%﹪‰])(?:全?覆盖)?", rest):
        return figure.over(1000, "‰") if match[1] == "‰" else figure.over(100, "%")
    if match := re.fullmatch(r"个?(十?[百千万])分点", rest):
        return figure.over(_size(match[1]), f"个{match[1]}分点")
    if match := re.fullmatch(rf"{_COUNTED}?/每?({_any(_BASES)}){_POPULATION}?", rest):
        base = _BASES[match[1]]
        return figure.over(base, _PER_UNIT[base])
    unit = _unit(rest)
    return replace(figure, unit=unit) if unit else None


def _unit(rest: str) -> str | None:
    """A unit as written; of money the currency with what is paid for: 元/人/年 → 元/人·年. None: it is no unit, or holds another number."""
    if re.search(rf"[\d几{_CN}]", re.sub(rf"{_OWN}|(?<=[A-Za-z元])/[百千万]", "", rest)):  # 七斤二两, 5元5角, 3个月零5天
        return None
    if money := _MONEY.match(rest):
        fees = _FEE.findall(rest[money.end() :].replace("·", "/"))
        return money[1] + (f"/{'·'.join(fees)}" if fees else "")
    return rest if re.fullmatch(r"(?:[^\W_]|[²³°℃㎡㎥/·()])+", rest) and rest[0] not in "()·²³" else None


# ---- ranks ----

_PLACE = re.compile(rf"(?P<top>前|后|进入前)?第?(?P<low>{NUMBER})(?:(?P<join>{_DASH}|、)第?(?P<high>{NUMBER}))?(?P<unit>[名位强个]|方阵|等次)?(?:以内|内)?")


def _rank(text: str) -> Quantity:
    """第三 → 3, 第27位 → 27 位, 首位 → 1, 位列前五 → ≤5, 第二、三名 → 2..3 名, 前5% → ≤0.05 %."""
    text = re.sub(r"^(?:并列|(?:位|名|排)?[列居]|排名?)(?=[首榜冠头魁第前后])", "", text)
    if re.fullmatch(r"首位?|榜首|冠军|头名|魁首", text):
        return Quantity.of_bound("exact", 1.0, None)
    if share := re.fullmatch(rf"前({_ARABIC}[%‰])", text):
        return _quantity(_single(share[1]), ["at_most"])
    match = _PLACE.fullmatch(text)
    low = match and plain_number(match["low"])
    if low is None:
        return NOTHING
    if match["high"]:
        high = plain_number(match["high"])
        if high is None or match["join"] == "、" and high != low + 1:
            return NOTHING
        return _quantity(Figure(low, match["unit"], high), [])
    return _quantity(Figure(low, match["unit"]), ["at_most"] if match["top"] or match["unit"] == "强" else [])
