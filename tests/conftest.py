"""Shared fixtures: the hypothesis profile, an invented report with its planted spans, and the external folder (loud skip without it)."""

import os
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings
from tiny import MARKED as SENTENCE
from transformers import BertConfig, BertForMaskedLM

from annotations.markup import parse, read_report
from annotations.schema import AnnotatedReport
from corpus.characters import SPECIALS, Characters
from corpus.external import external_folder

# fast: the same examples in every run, so that a check that was green stays green; deep: HYPOTHESIS_PROFILE=deep looks for new ones
settings.register_profile("fast", max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

MARKED = """#title: 青屿县2023年卫生健康工作总结
#genre: summary
#region: 青屿县
#year: 2023
#---
{青屿县|REGION}{2023年|PERIOD t=2023}卫生健康工作总结
{今年|PERIOD#1 t=2023}，{县鹭洲医院|INST#2}完成{白内障手术|IND#3}{320余例|COUNT of=3 by=2 during=1 v=>=320例}。
{全县|REGION#1}{孕产妇建册率|IND#2}{96.4%|RATE#3 of=2 in=1 v=0.964%}，比{去年|PERIOD#4 t=2022}提高{1.2个百分点|RATE of=2 in=1 role=change of_value=3 dir=up vs=4 v=0.012个百分点}。
“{海岛巡诊|PROG#1}”行动{投入|IND#2}{18.5万元|MONEY of=2 under=1 v=185000元}，{力争|IND#3}进入{前三名|RANK of=3 role=target v=<=3名}。
"""


@pytest.fixture
def marked() -> str:
    """A marked report about an invented county."""
    return MARKED


@pytest.fixture
def annotated() -> tuple[str, AnnotatedReport]:
    """The raw text of the marked report and its annotations."""
    return read_report(MARKED, "qingyu-2023", source="qingyu-2023.txt")


@pytest.fixture(scope="session")
def external() -> Path:
    """The external data folder; the test is skipped, loudly, without it."""
    folder = external_folder()
    if folder is None:
        pytest.skip(
            "EXTERNAL DATA MISSING: no folder ../shared beside the project and ZHIBIAO_DATA is not set; run with ZHIBIAO_DATA=/path/to/the/external/data/folder"
        )
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BertForMaskedLM of 2 × 32 over the characters of the example, as a folder."""
    folder = tmp_path_factory.mktemp("base")
    Characters([*SPECIALS, *sorted(set(parse(SENTENCE)[0]) | set("0123456789.%"))]).save(folder / "vocab.txt")
    torch.manual_seed(0)
    size = len((folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
    config = BertConfig(vocab_size=size, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, max_position_embeddings=512)
    BertForMaskedLM(config).save_pretrained(folder)
    return folder
