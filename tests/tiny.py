"""What tests of training share: a sentence with its planted spans and links, small enough to be learned by heart."""

from annotations.markup import parse
from annotations.schema import AnnotatedReport, sha256_of

MARKED = "{2023年|PERIOD#1},{青岚县|REGION#2}{居民健康素养水平|IND#3}达到{31.5%|RATE#4 of=3 in=2 during=1},比{上年|PERIOD#5}提高{2.1个百分点|RATE of=3 in=2 during=1 role=change of_value=4 dir=up vs=5}。\n下一步,{县人民医院|INST#6}计划新增{床位|IND#7}{120张|COUNT of=7 by=6 role=target}。\n"


def annotated(marked: str = MARKED, id_: str = "t1") -> tuple[str, AnnotatedReport]:
    """A marked text as training takes it."""
    raw, spans, values = parse(marked)
    return raw, AnnotatedReport(id_, f"{id_}.txt", sha256_of(raw), len(raw), spans, values)
