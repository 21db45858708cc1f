"""The docs stay true: the README's tree exists, its commands are known, the notebook runs, every command is documented."""

import contextlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from corpus.external import ROOT

READMES = ("README.md", "README.zh-CN.md")


@pytest.mark.parametrize("name", READMES)
def test_every_path_of_the_readme_tree_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    tree = re.search(r"```tree\n(.*?)```", text, re.S)
    assert tree, "the README has a ```tree block"
    folder, count = "", 0
    for line in tree[1].splitlines():
        indent, entry = len(line) - len(line.lstrip()), line.split()[0] if line.split() else ""
        if not entry:
            continue
        if indent == 0:
            folder = entry if entry.endswith("/") else ""
        path = ROOT / (folder if indent else "") / entry
        assert path.exists(), f"{name} names {path.relative_to(ROOT)}, which is not there"
        count += 1
    assert count > 30
    modules = {p.relative_to(ROOT).as_posix() for package in ("corpus", "annotations", "train", "infer") for p in (ROOT / package).glob("*.py")}
    told = {f"{m}" for m in modules if re.search(rf"\b{re.escape(Path(m).name)}\b", tree[1])}
    assert {m for m in modules if not m.endswith("__init__.py")} <= told, "a module is missing from the README's tree"


@pytest.mark.parametrize("name", READMES)
def test_every_command_of_the_readme_is_known(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    modules = sorted(set(re.findall(r"python -m ((?:infer|train|annotations|corpus)(?:\.\w+)?)", text)))
    assert {"infer", "infer.evaluate", "train", "train.pretrain", "annotations", "corpus"} <= set(modules)
    for module in modules:
        done = subprocess.run([sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 0, f"python -m {module} --help fails: {done.stderr.decode()[-300:]}"
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"\bmake (\w+)", text)) <= targets | {"sure"}


@pytest.mark.parametrize("name", READMES)
def test_the_scores_of_the_readme_are_those_of_the_released_model(name: str) -> None:
    released = json.loads((ROOT / "models" / "default" / "run.json").read_text(encoding="utf-8"))["version"]
    row = next(row for row in json.loads((ROOT / "docs" / "leaderboard.json").read_text(encoding="utf-8")) if row["version"] == released)
    shown = [line.split("|")[4].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if re.match(r"\|.*F1|\| roles right|\| 角色准确率", line)]
    assert shown == [f"{row[key][0]:.3f}" for key in ("value_f1", "span_f1", "role_acc", "usable_f1", "record_f1")]


def test_relative_links_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "models" / "README.md", ROOT / "annotations" / "GUIDELINE.md"]:
        for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.relative_to(ROOT)} links to {link}"


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        space: dict[str, object] = {}
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
                if cell["cell_type"] == "code":
                    exec(compile("".join(cell["source"]), str(path), "exec"), space)
        assert "indicators" in printed.getvalue()


def test_no_text_of_the_external_folder_stands_in_the_repository() -> None:
    from corpus.external import external_folder

    folder = external_folder()
    if folder is None:
        pytest.skip("SKIPPED LOUDLY: the external data folder is missing, copies of its text cannot be looked for; set ZHIBIAO_DATA")
    run = 18
    grams: set[int] = set()
    for part in ("seeds", "reports/unlabelled"):
        for file in (folder / part).glob("*.txt"):
            text = re.sub(r"\s+", "", file.read_text(encoding="utf-8"))
            grams.update(hash(text[i : i + run]) for i in range(len(text) - run + 1))
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, files):
        path = ROOT / name
        if path.suffix in {".txt", ".md", ".py", ".jsonl", ".json", ".ipynb"} and path.exists() and path.stat().st_size < 4_000_000:
            text = re.sub(r"\s+", "", path.read_text(encoding="utf-8", errors="ignore"))
            copied = [text[i : i + run] for i in range(0, len(text) - run + 1, 3) if hash(text[i : i + run]) in grams and re.search("[一-鿿]{8}", text[i : i + run])]
            assert not copied, f"{name} holds {copied[0]!r} of the external data"
