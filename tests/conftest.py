"""Shared fixtures: the hypothesis profile, an invented report with its planted spans, and the external folder (loud skip without it)."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from annotations.markup import read_report
from annotations.schema import AnnotatedReport
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
