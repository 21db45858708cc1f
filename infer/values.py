"""Quantities as Chinese reports write them → number, interval, bound and unit (contract.md). By grammar, never by the network.

    95.21%  → 0.9521 %            1900余人次 → ≥1900 人次          40多万份 → ≥400000 份
    4‰以内  → ≤0.004 ‰            636.69/10万 → 0.0063669 /10万     每人每月610元 → 610 元/人·月
    9个百分点 → 0.09 个百分点      65%-70% → 0.65..0.7 %            十二家 → 12 家

Input is clean text (folded, simplified, noise-free). What cannot be read has number None and says so; nothing is guessed.
"""

import math
import re
from decimal import Decimal

from annotations.schema import Quantity

DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2, "俩": 2, "仨": 3, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9}
SMALL = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
LARGE = {"万": 10**4, "亿": 10**8}
SCALE = {**SMALL, **LARGE}

_CN = "零〇○一二三四五六七八九十百千万亿两俩仨半壹贰叁肆伍陆柒捌玖拾佰仟"

BEFORE = {
    "approx": ("约", "大约", "近", "将近", "接近", "大概", "约为", "约占"),
    "more_than": ("超", "超过", "逾", "多于", "高于", "大于", "突破", "超出"),
    "at_least": ("不少于", "不低于", "至少", "不小于", "最少", "满", "达到", "达"),
    "less_than": ("不足", "不到", "不满", "未满", "低于", "少于", "小于"),
    "at_most": ("不超过", "不高于", "不多于", "不大于", "最多", "至多", "不超"),
}
AFTER = {
    "at_least": ("及以上", "以上", "或以上", "出头"),
    "at_most": ("及以下", "以下", "以内", "之内", "内"),
    "approx": ("左右", "上下", "许"),
}
_PREFIX = re.compile("|".join(sorted((word for words in BEFORE.values() for word in words), key=len, reverse=True)))
_BOUND_BEFORE = {word: bound for bound, words in BEFORE.items() for word in words if word not in ("达到", "达")}
_SUFFIX = re.compile("(?:" + "|".join(sorted((word for words in AFTER.values() for word in words), key=len, reverse=True)) + ")$")
_BOUND_AFTER = {word: bound for bound, words in AFTER.items() for word in words}

_ARABIC = r"-?\d[\d,]*(?: \d{3})*(?:\.\d+)?"
NUMBER = rf"(?:{_ARABIC}|[{_CN}]+(?:点[零〇一二三四五六七八九]+)?)"
MORE = "[余多几来]"
_UNIT_NUMERALS = re.compile(r"/1?0?[百千万]|(?:百|千|十?万)分点|[百千万]瓦时?|千克|千米|千卡")  # numerals that belong to a unit
_NUMBER = re.compile(rf"(?P<number>{NUMBER})\s*(?P<more>{MORE})?\s*(?P<scale>[十百千万亿]+)?(?P<more2>{MORE})?")
_VAGUE = re.compile(r"(?P<head>[数几好])(?P<scale>[十百千万亿]+)|(?P<ten>[二三四五六七八九]?十)几")
_DASH = r"(?:-|—+|~|至|到)"
_FEE = re.compile(r"(?:每|/)([^\d每/·]{1,3})")  # what an amount is paid for: /人·月, 每班
_PER_CAPITA = re.compile(r"每([十百千万]|10万)(?:人口|常住人口|人|名[一-鿿]{1,6})?(?:拥有|有)?")
_PAYEE_BEFORE = re.compile(rf"每([^\d每]{{1,4}}?)(?=每|\d|[{_CN}]|约|近|超|逾|不|至少|最)|(人均|户均)|(?:年均|月均|日均|次均|例均|平均|各|均|共计|总计|合计|共|总|为)")


def chinese_number(text: str) -> Decimal | None:
    """`十二` → 12, `一百零五` → 105, `三点五` → 3.5, `百` → 100, `二〇二三` → 2023; None when it is no numeral."""
    if text == "半":
        return Decimal("0.5")
    whole, _, fraction = text.partition("点")
    if fraction:
        digits = "".join(str(DIGITS[c]) for c in fraction if c in DIGITS)
        head = chinese_number(whole)
        return None if head is None or len(digits) != len(fraction) else head + Decimal(f"0.{digits}")
    if not whole or any(char not in DIGITS and char not in SCALE for char in whole):
        return None
    if len(whole) > 1 and all(char in DIGITS for char in whole):
        return Decimal("".join(str(DIGITS[char]) for char in whole))
    total = section = digit = Decimal(0)
    last = 1
    for char in whole:
        if char in DIGITS:
            digit, last = Decimal(DIGITS[char]), (10 if char in "零〇○" else last)
        elif char in SMALL:
            section += (digit or Decimal(not digit)) * SMALL[char]
            digit, last = Decimal(0), SMALL[char]
        else:
            amount = section + digit
            total = (total + amount) * LARGE[char] if char == "亿" else total + (amount or Decimal(1)) * LARGE[char]
            if char == "亿" and not total:
                total = Decimal(LARGE[char])
            section = digit = Decimal(0)
            last = LARGE[char]
    if digit and last > 10:  # 一百五, 两万三: the digit counts the next scale down
        digit *= last // 10
    return total + section + digit


def plain_number(text: str) -> Decimal | None:
    """An Arabic or Chinese numeral without scale: `1,482`, `1 482`, `十二`; None when it is neither."""
    text = text.strip()
    if re.fullmatch(_ARABIC, text):
        return Decimal(text.replace(",", "").replace(" ", ""))
    return chinese_number(text)


def _scaled(number: Decimal, scale: str | None) -> Decimal:
    for char in scale or "":
        number *= SCALE[char]
    return number


def _float(number: Decimal) -> float:
    found = float(number)
    if math.isinf(found):
        raise OverflowError(f"{number} is no figure")
    return found


def parse(text: str, label: str = "COUNT") -> Quantity:
    """The quantity of one value span; `label` decides how bare numbers and ranks are read."""
    try:
        return _parse(text, label)
    except ArithmeticError:  # digits without end, 亿亿亿亿…: no figure
        return NOTHING


def _parse(text: str, label: str) -> Quantity:
    text = re.sub(r"\s+", "", text)  # one span is one number: `8 9 8人` is 898人
    if label == "RANK":
        return _rank(text)
    if label == "MONEY":
        text = re.sub(r"块钱?(?=$|以|左|上)", "元", text)
    bounds: list[str] = []
    payee: list[str] = []
    per = None
    while True:  # 每人每月不低于610元: what stands before the number, in any order
        bound, fee, capita = _PREFIX.match(text), _PAYEE_BEFORE.match(text), _PER_CAPITA.match(text)
        found = capita or bound or fee
        if not found or len(found[0]) >= len(text) or capita and not re.match(NUMBER, text[capita.end() :]):
            break
        if capita:
            per = SCALE.get(capita[1], 10**5)
        elif bound and bound[0] in _BOUND_BEFORE:
            bounds.append(_BOUND_BEFORE[bound[0]])
        elif not bound and (fee[1] or fee[2]):
            payee.append(fee[1] or fee[2][0])
        text = text[found.end() :]
    while (after := _SUFFIX.search(text)) and after.start() and not re.fullmatch(rf"{_PREFIX.pattern}", text):
        bounds.append(_BOUND_AFTER[after[0]])
        text = text[: after.start()].rstrip()
    if per:
        found = _single(text, bounds, [])
        return found and _per(found, per) or NOTHING
    return _special(text, bounds) or _range(text, bounds, payee) or _single(text, bounds, payee) or NOTHING


NOTHING = Quantity(None, None, None, "exact", None)


def _per(found: Quantity, base: int) -> Quantity:
    """3.4名 for every 100,000 → 0.000034 /10万."""
    if found.number is None:
        return NOTHING
    number = _float(Decimal(str(found.number)) / base)
    return Quantity.of_bound(found.bound, number, "/" + _BASES[base])


_BASES = {10: "十", 100: "百", 1000: "千", 10**4: "万", 10**5: "10万"}


def _bound(bounds: list[str]) -> str:
    """One bound of several: 约…余 is approximate, otherwise the first that was said."""
    if "approx" in bounds:
        return "approx"
    return bounds[0] if bounds else "exact"


def _ready(number: Decimal, bounds: list[str], unit: str | None) -> Quantity:
    return Quantity.of_bound(_bound(bounds), _float(number), unit)


def _special(text: str, bounds: list[str]) -> Quantity | None:
    """Forms that are no number + unit: 三分之二, 百分之九十, 九成五, 1:1.25, 一半, 数十人, 十几家."""
    match = re.fullmatch(rf"({NUMBER}|百|千|万)分之({NUMBER})({MORE}|强)?", text)
    if match:
        base, part = plain_number(match[1]), plain_number(match[2])
        if base and part is not None:
            unit = {100: "%", 1000: "‰", 10000: "/万", 100000: "/10万"}.get(int(base) if base == int(base) else 0)
            more = {None: [], "强": ["more_than"]}.get(match[3], ["at_least"])
            return _ready((part / base).quantize(Decimal("1e-6")) if unit is None else part / base, bounds + more, unit)
    match = re.fullmatch(rf"({NUMBER})({MORE})?成({MORE})?([一二三四五六七八九半])?(?:{_DASH}({NUMBER})成([一二三四五六七八九半])?)?", text)
    if match and (low := _tenths(match[1], match[4])) is not None:
        if match[5] and (high := _tenths(match[5], match[6])) is not None:
            return Quantity.of_range(_float(low), _float(high), "成")
        return _ready(low, bounds + ["at_least"] * bool(match[2] or match[3]), "成")
    match = re.fullmatch(rf"({_ARABIC})([万]?)[:∶比/]({_ARABIC})([万]?)", text)
    if match and ("/" not in match[0] or not match[4]):
        first, second = _scaled(plain_number(match[1]), match[2]), _scaled(plain_number(match[3]), match[4])
        if second:
            return _ready((first / second).quantize(Decimal("1e-9")).normalize(), bounds, None if "/" in match[0] else ":")
    match = re.fullmatch(r"([一二三四五六七八九])([一二三四五六七八九])([十百千万]*)([^一二三四五六七八九十百千万亿].*)?", text)
    if match and DIGITS[match[2]] == DIGITS[match[1]] + 1:  # 三四天, 七八十人
        low, high = (_float(_scaled(Decimal(DIGITS[match[i]]), match[3])) for i in (1, 2))
        return Quantity.of_range(low, high, _unit(match[4] or "", []))
    half = re.fullmatch(rf"({NUMBER})个半(.+)", text)
    if half and (whole := plain_number(half[1])) is not None:  # 四个半小时
        return _ready(whole + Decimal("0.5"), bounds, "个" + half[2])
    if re.fullmatch(r"(?:一|过|大)半(?:数)?|半数", text):
        return Quantity.of_bound("more_than" if text[0] in "过大" else _bound(bounds), 0.5, None)
    match = re.fullmatch(rf"(?:{_VAGUE.pattern})({MORE})?(.*)", text)
    if match and match["head"]:
        size = _float(_scaled(Decimal(1), match["scale"]))
        return Quantity.of_range(2 * size, 10 * size, _unit(match[5], []))
    if match and (ten := plain_number(match["ten"])) and ten % 10 == 0 and ten < 100:  # 十几家, 三十几种
        return Quantity.of_range(_float(ten + 1), _float(ten + 9), _unit(match[5], []))
    return None


def _tenths(number: str, more: str | None) -> Decimal | None:
    """九成 → 0.9, 九成五 → 0.95, 六成半 → 0.65."""
    tenths = plain_number(number)
    if tenths is None:
        return None
    return (tenths + (Decimal("0.5") if more == "半" else Decimal(DIGITS.get(more or "零", 0)) / 10)) / 10


def _one(text: str) -> tuple[Decimal, list[str], str] | None:
    """number × scale at the start of a text, the bounds that 余 多 add, and the rest."""
    match = _NUMBER.match(text)
    if not match:
        return None
    written, scale = match["number"], match["scale"]
    number = plain_number(written)
    if number is None:
        return None
    bounds = ["at_least"] * bool(match["more"] or match["more2"])
    rest = text[match.end() :]
    return _scaled(number, scale), bounds, rest


def _range(text: str, bounds: list[str], payee: list[str]) -> Quantity | None:
    match = re.fullmatch(rf"(?P<low>{NUMBER})(?P<scale>[十百千万亿]*)(?P<unit>[^\d{_CN}]{{0,4}}?)\s*{_DASH}\s*(?P<high>{NUMBER}(?:[万亿]|{MORE}[万亿])*.*)", text)
    if not match:
        return None
    low, high = plain_number(match["low"]), _one(match["high"])
    if low is None or high is None:
        return None
    top, _, rest = high
    unit, factor = _unit_and_factor(rest, payee)
    scale = match["scale"]
    if not scale and not match["unit"]:  # 3-5万元: the scale after the range holds for both ends
        scale = re.sub(r"^[^万亿]*", "", _NUMBER.match(match["high"])["scale"] or "")
    bottom = _scaled(low, scale) * factor
    top *= factor
    if bottom >= top and not match["scale"]:  # 8000-1.2万元: only the second end is scaled
        bottom = low * factor
    return Quantity.of_range(_float(bottom), _float(top), unit) if bottom < top else None


def _single(text: str, bounds: list[str], payee: list[str]) -> Quantity | None:
    found = _one(text)
    if not found:
        return None
    number, more, rest = found
    late = re.match(r"(个?)[余多](?=.)", rest)  # 3个多月, 12万多元
    unit, factor = _unit_and_factor(rest[: late.end() - 1] + rest[late.end() :] if late else rest, payee)
    if unit and re.fullmatch(r".{1,3}[余多]", unit):  # 12年余
        unit, more = unit[:-1], [*more, "at_least"]
    if unit and re.search(rf"\d|[{_CN}]", _UNIT_NUMERALS.sub("", unit)):
        return None  # 七斤二两, 3个月零5天: more than one number, not to be guessed
    return _ready(number * factor, bounds + more + ["at_least"] * bool(late), unit)


def _unit_and_factor(rest: str, payee: list[str]) -> tuple[str | None, Decimal]:
    """What stands after the number → unit and what the number is multiplied by."""
    if rest in ("%", "﹪"):
        return "%", Decimal("0.01")
    if rest == "‰":
        return "‰", Decimal("0.001")
    if re.fullmatch(r"个?百分点", rest):
        return "个百分点", Decimal("0.01")
    points = re.fullmatch(r"个?(千|万|十万)分点", rest)
    if points:
        return f"个{points[1]}分点", Decimal(1) / int(_scaled(Decimal(1), points[1]))
    per = re.fullmatch(r"/(?:每)?(10|1)?(十)?([百千万])(?:人口|人次|人|例|活产)?", rest)
    if per:
        base = int(per[1] or (10 if per[2] else 1)) * SCALE[per[3]]
        return "/" + {100000: "10万", 10000: "万", 1000: "千", 100: "百"}.get(base, str(base)), Decimal(1) / base
    return _unit(rest, payee), Decimal(1)


def _unit(rest: str, payee: list[str]) -> str | None:
    """The unit as written, 万 and currency words resolved, with what it is paid for: 元 + [人, 月] → 元/人·月."""
    money = re.match(r"(?:人民币)?(美元|港元|港币|欧元|日元|元)(?:人民币|整)?", rest)
    tail = rest[money.end() :] if money else ""
    unit = money[1] if money else rest
    who = payee + _FEE.findall(tail.replace("·", "/"))
    return (unit + (f"/{'·'.join(who)}" if who else "")) or None


def _rank(text: str) -> Quantity:
    if re.fullmatch(r"(?:首位|榜首|冠军|头名|首|魁首)", text):
        return Quantity.of_bound("exact", 1.0, None)
    share = re.fullmatch(rf"前({_ARABIC})([%‰])", text)
    if share:
        unit, factor = _unit_and_factor(share[2], [])
        return Quantity.of_bound("at_most", _float(plain_number(share[1]) * factor), unit)
    match = re.fullmatch(rf"(?P<top>前|后|进入前)?(?:列|居)?第?(?P<low>{NUMBER})(?:{_DASH}第?(?P<high>{NUMBER}))?(?P<unit>[名位强个]|方阵|等次)?(?:以内|内)?", text)
    if not match or (low := plain_number(match["low"])) is None:
        return NOTHING
    if match["high"] and (high := plain_number(match["high"])) is not None:
        return Quantity.of_range(_float(low), _float(high), match["unit"]) if low < high else NOTHING
    return Quantity.of_bound("at_most" if match["top"] or match["unit"] == "强" else "exact", _float(low), match["unit"])
