"""Distillation on a tiny BERT: the teacher's rows, a narrower student, and a student that learns from a teacher alone."""

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from tiny import annotated
from transformers import BertModel

from annotations.schema import LABELS, ROLES
from corpus.characters import Characters
from corpus.plans import Plans
from train import distill, loop
from train.config import TrainConfig
from train.data import collate, rows_of
from train.distill import Piece, Teacher, narrow, passages, teach
from train.export import export
from train.model import IndicatorModel

CONFIG = {"name": "tiny", "batch": 4, "rate": 3e-3, "head_rate": 3e-3, "warmup": 0.05, "layer_decay": 1.0, "hide": 0.0}


@pytest.fixture(scope="module")
def teacher(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    """A tiny model folder that knows the example by heart."""
    folder = tmp_path_factory.mktemp("teacher")
    reports = [annotated(id_=f"t{i}") for i in range(12)]
    config = TrainConfig(base=str(tiny), epochs=30, **CONFIG)
    model, chars, history = loop.fine_tune(config, folder / "work", dev=reports[:1], train=reports)
    row = next(iter(rows_of(*reports[0], chars, 254, Counter())))
    export(model, chars, config, {**history, "absent": 0}, folder / "model", [row["input_ids"]])
    return Teacher.load(folder / "model")


@pytest.mark.slow
def test_a_teacher_s_rows_say_what_it_finds(teacher: Teacher) -> None:
    raw, report = annotated()
    text = raw.rstrip("\n")
    (row,) = teach([Piece(text, 0, Plans(text, None))], [teacher, teacher])
    found = {(text[a:b], LABELS[label]) for a, b, label in row["spans"]}
    assert found == {(raw[s.start : s.end], s.label) for s in report.spans}
    assert torch.allclose(row["soft_tags"].float().sum(-1), torch.ones(len(text)), atol=0.01)
    assert row["soft_states"].shape == (len(text), 32)
    kinds = np.array(row["soft_kinds"])
    values = np.array([LABELS[label] in ("RATE", "COUNT") for _, _, label in row["spans"]])
    assert kinds[values][:, : len(ROLES)].sum(-1) == pytest.approx(1) and not kinds[np.invert(values)].any()
    batch = collate([row], teacher.chars)
    assert batch.soft is not None and batch.soft.links.shape == batch.links.shape
    assert batch.soft.tags[0, 0].sum() == 0 and batch.soft.tags[0, 1].sum() == pytest.approx(1, abs=0.01), "token i + 1 is character i, for a teacher's rows too"


@pytest.mark.slow
def test_a_teacher_reads_as_its_exported_files_do(tiny: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny, tmp_path / "odd")
    config = json.loads((tmp_path / "odd" / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "odd" / "config.json").write_text(json.dumps({**config, "hidden_act": "relu", "layer_norm_eps": 0.01}), encoding="utf-8")
    torch.manual_seed(1)
    model, chars = IndicatorModel.from_base(str(tmp_path / "odd")).eval(), Characters.load(tiny / "vocab.txt")
    text = "2023年青岚县新增床位120张"
    export(model, chars, TrainConfig(base=str(tmp_path / "odd")), {"history": [], "reports": {"train": 0, "dev": 0}, "absent": 0}, tmp_path / "model", [chars.encode(text)])
    teacher = Teacher.load(tmp_path / "model")
    ids = torch.tensor([[chars.cls, *chars.encode(text), chars.sep]])
    session = ort.InferenceSession(str(tmp_path / "model" / "tagger.onnx"), providers=["CPUExecutionProvider"])
    states, logits = session.run(["states", "logits"], {"ids": ids.numpy(), "attention": np.ones(ids.shape, dtype=np.int64)})
    ours = teacher.model.encode(ids, torch.ones_like(ids))
    assert np.abs(ours[0].detach().numpy() - states).max() < 1e-3 and np.abs(ours[1].detach().numpy() - logits).max() < 1e-3
    read = teacher.read(ids)  # in bf16
    assert np.abs(read[1].exp().numpy() - torch.from_numpy(logits).softmax(-1).numpy()).max() < 0.03


@pytest.mark.slow
def test_a_student_learns_from_the_teacher_alone(teacher: Teacher, tiny: Path, tmp_path: Path) -> None:
    raw, report = annotated()
    text = raw.rstrip("\n")
    taught = teach([Piece(text, 0, Plans(text, None))] * 12, [teacher])
    student = narrow(tiny, 16, tmp_path / "narrow")
    assert BertModel.from_pretrained(student).config.hidden_size == 16
    config = TrainConfig(base=str(student), epochs=60, **{**CONFIG, "rate": 1e-2, "head_rate": 1e-2})
    nothing = annotated("无关。\n", "empty")
    model, chars, history = loop.fine_tune(config, tmp_path / "work", dev=[(raw, report)], train=[nothing], taught=taught)
    assert history["history"][-1]["dev"]["span_f1"] > 0.9, "it saw the spans in the teacher's answers only"
    assert {"states", "taught_tags"} <= history["history"][-1]["losses"].keys()
    with pytest.raises(ValueError, match="another configuration"):
        loop.fine_tune(config, tmp_path / "work", resume=True, dev=[(raw, report)], train=[nothing])  # without what was taught
    export(model, chars, config, {**history, "absent": 0}, tmp_path / "model", [chars.encode(text)])
    assert json.loads((tmp_path / "model" / "run.json").read_text(encoding="utf-8"))["encoder"]["hidden_size"] == 16


def test_passages_speak_of_the_subject_and_keep_their_plan_hints(tmp_path: Path) -> None:
    health = "今年全县卫生健康工作稳步推进，医院新增床位120张。\n下一步工作计划\n力争居民健康素养水平达到32%，新建医养结合机构5家。"
    (tmp_path / "text.txt").write_text("山清水秀，风景如画，交通便利，气候宜人，四季分明，物产丰富。\n\n" + health + "\n\n", encoding="utf-8")
    found = passages([tmp_path / "text.txt"], 254, 10_000)
    assert [piece.text[:6] for piece in found] == ["今年全县卫生"]
    text, start, plans = found[0]
    assert "\n" in text, "paragraphs stay apart, as inference sees them"
    assert plans.hint(start + text.index("120")) == 0 and plans.hint(start + text.index("32%")) == 3, "a section of plans and a word of intent before the second value only"


def test_a_wrong_teacher_or_base_is_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.txt").write_text("文字\n", encoding="utf-8")
    assert distill.main(["--teacher", str(tmp_path), "--text", str(tmp_path / "text.txt"), "--base", str(tmp_path)]) == 2
    err = capsys.readouterr().err.strip()
    assert len(err.splitlines()) == 1 and str(tmp_path) in err and "python -m train" in err


@pytest.mark.slow
def test_a_base_with_another_vocabulary_and_the_teachers_own_folder_are_refused(teacher: Teacher, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(tiny, tmp_path / "other")
    (tmp_path / "other" / "vocab.txt").write_text((tiny / "vocab.txt").read_text(encoding="utf-8") + "X\n", encoding="utf-8")
    (tmp_path / "text.txt").write_text("文字\n", encoding="utf-8")
    common = ["--teacher", str(teacher.folder), "--text", str(tmp_path / "text.txt")]
    assert distill.main([*common, "--base", str(tmp_path / "other")]) == 2
    assert "vocabulary" in capsys.readouterr().err
    assert distill.main([*common, "--base", str(tiny), "--models", str(teacher.folder.parent), "--name", teacher.folder.name]) == 2
    assert "would replace it" in capsys.readouterr().err


def test_a_width_that_the_heads_cannot_share_is_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="multiple of the 2 attention heads"):
        narrow(tiny, 15, tmp_path / "odd")
