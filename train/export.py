"""PyTorch → ONNX: the tagger (fp32 and int8) and the heads, checked for equal output, and the model folder around them."""

import hashlib
import json
import shutil
import warnings
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn

from annotations.candidates import FEATURE_SIZES
from annotations.decode import THRESHOLDS
from annotations.fields import MODEL_FIELDS
from corpus.characters import Characters
from train.config import TrainConfig
from train.model import IndicatorModel

FP32_TOLERANCE = 2e-3  # largest difference of a logit
INT8_AGREEMENT = 0.98  # share of characters whose best tag is the same as in PyTorch


class _Tagger(nn.Module):
    def __init__(self, model: IndicatorModel):
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor, attention: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.model.encode(ids, attention)


def export(model: IndicatorModel, chars: Characters, config: TrainConfig, history: dict, folder: Path, sample: list[list[int]]) -> dict:
    """Writes `folder` and returns its run.json; RuntimeError when an exported model does not answer as PyTorch does.

    `sample`: some windows' character ids, on which the outputs are compared. A folder that is there is replaced only when
    everything went well.
    """
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        run = _write_folder(model, chars, config, history, part, sample)
        folder.mkdir(exist_ok=True)
        for file in part.iterdir():
            file.replace(folder / file.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return run


def _write_folder(model: IndicatorModel, chars: Characters, config: TrainConfig, history: dict, folder: Path, sample: list[list[int]]) -> dict:
    model = model.float().cpu().eval()
    model.encoder.config._attn_implementation = "eager"
    _export_tagger(model, folder / "tagger.onnx")
    _quantize(folder / "tagger.onnx", folder / "tagger.int8.onnx", model.encoder.config)
    _export_heads(model, folder / "heads.onnx")
    checks = _compare(model, chars, folder, sample)
    chars.save(folder / "vocab.txt")
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("tagger.onnx", "tagger.int8.onnx", "heads.onnx")}
    run = {
        **MODEL_FIELDS,
        "name": config.name,
        "version": files["tagger.int8.onnx"][:12],
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "window": config.window,
        "thresholds": THRESHOLDS,
        "config": config.to_json(),
        "encoder": {key: getattr(model.encoder.config, key) for key in ("num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads", "vocab_size", "hidden_act", "layer_norm_eps")},
        "parameters": sum(p.numel() for p in model.parameters()),
        "checks": checks,
        "files": files,
        **history,
    }
    (folder / "run.json").write_text(json.dumps(run, ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "README.md").write_text(model_card(run), encoding="utf-8")
    return run


def _export_tagger(model: IndicatorModel, path: Path) -> None:
    ids = torch.ones(2, 12, dtype=torch.long)
    axes = {name: {0: "windows", 1: "tokens"} for name in ("ids", "attention", "states", "logits")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of every Python branch; the outputs are compared below
        torch.onnx.export(_Tagger(model).eval(), (ids, torch.ones_like(ids)), str(path), input_names=["ids", "attention"], output_names=["states", "logits"], dynamic_axes=axes, dynamo=False, opset_version=17)


def _export_heads(model: IndicatorModel, path: Path) -> None:
    states = torch.randn(6, model.encoder.config.hidden_size)
    spans, pairs = torch.tensor([0, 1, 2]), torch.tensor([0, 1])
    names = ["states", "first", "last", "label", "value", "argument", "relation", "features", "hints"]
    axes = {"states": {0: "rows"}, **{n: {0: "spans"} for n in ("first", "last", "label", "hints", "kinds")}, **{n: {0: "pairs"} for n in ("value", "argument", "relation", "features", "links")}}
    inputs = (states, spans, spans + 3, spans, pairs, pairs + 1, pairs, torch.zeros(2, len(FEATURE_SIZES), dtype=torch.long), spans)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model.heads, inputs, str(path), input_names=names, output_names=["links", "kinds"], dynamic_axes=axes, dynamo=False, opset_version=17)


def _quantize(source: Path, target: Path, config: object) -> None:
    """int8 weights per channel, activations dynamically, one scale a tensor (train.model clamps the outliers that would spoil it).

    Of ONNX Runtime's fusions, attention, skip normalisation and embeddings are left out: those kernels are slower on a CPU than their
    parts (measured: 75 µs a character with all of them, 59 µs without, 6 layers of 384, one core).
    """
    from onnxruntime.transformers import optimizer  # slow to import
    from onnxruntime.transformers.fusion_options import FusionOptions

    part = target.with_suffix(".fused")
    options = FusionOptions("bert")
    options.enable_attention = options.enable_skip_layer_norm = options.enable_bias_skip_layer_norm = options.enable_embed_layer_norm = False
    try:
        made = optimizer.optimize_model(str(source), model_type="bert", num_heads=config.num_attention_heads, hidden_size=config.hidden_size, optimization_options=options)
        made.save_model_to_file(str(part), False)
        quantize_dynamic(str(part), str(target), weight_type=QuantType.QInt8, per_channel=True, extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})
    finally:
        part.unlink(missing_ok=True)


@torch.no_grad()
def _compare(model: IndicatorModel, chars: Characters, folder: Path, sample: list[list[int]]) -> dict[str, float]:
    worst, same, total = 0.0, 0, 0
    fp32, int8, heads = (ort.InferenceSession(str(folder / name), providers=["CPUExecutionProvider"]) for name in ("tagger.onnx", "tagger.int8.onnx", "heads.onnx"))
    for characters in sample:
        ids = torch.tensor([[chars.cls, *characters, chars.sep]])
        states, logits = model.encode(ids, torch.ones_like(ids))
        feed = {"ids": ids.numpy(), "attention": np.ones_like(ids.numpy())}
        worst = max(worst, float(np.abs(fp32.run(["logits"], feed)[0] - logits.numpy()).max()))
        same += int((int8.run(["logits"], feed)[0].argmax(-1) == logits.argmax(-1).numpy()).sum())
        total += ids.numel()
    spans, pairs = torch.tensor([1, 2, 3]), torch.tensor([0, 1, 2])
    features = torch.zeros(3, len(FEATURE_SIZES), dtype=torch.long)
    ours = model.heads(states[0], spans, spans + 1, pairs, pairs, (pairs + 1) % 3, pairs, features, pairs)
    names = ["states", "first", "last", "label", "value", "argument", "relation", "features", "hints"]
    feed = dict(zip(names, (t.numpy() for t in (states[0], spans, spans + 1, pairs, pairs, (pairs + 1) % 3, pairs, features, pairs))))
    theirs = heads.run(["links", "kinds"], feed)
    worst_heads = max(float(np.abs(a.numpy() - b).max()) for a, b in zip(ours, theirs))
    found = {"fp32_worst_logit": worst, "heads_worst_logit": worst_heads, "int8_tag_agreement": same / total}
    if worst > FP32_TOLERANCE or worst_heads > FP32_TOLERANCE or found["int8_tag_agreement"] < INT8_AGREEMENT:
        raise RuntimeError(f"the exported model does not answer as PyTorch does: {found}")
    return found


def model_card(run: dict) -> str:
    """README.md of a model folder, from its run.json."""
    last = max(run["history"], key=lambda row: row["dev"]["usable_f1"] + row["dev"]["span_f1"] + row["dev"]["record_f1"], default=None) if run.get("history") else None
    dev = "".join(f"| {name} | {value:.3f} |\n" for name, value in last["dev"].items()) if last else ""
    shape = run["encoder"]
    taught = f"- Distilled from {', '.join(run['teachers'])} on {run['taught_characters']} characters of raw text, beside the gold (docs/log.md).\n" if run.get("teachers") else ""
    before = f"- Goes on from `{run['config']['init']}`; the whole recipe is in models/README.md.\n" if run["config"].get("init") else ""
    return f"""# {run["name"]} ({run["version"]})

Extracts indicators from Chinese health work reports: spans, value arguments and roles in one pass of a character BERT.

- Encoder: {shape["num_hidden_layers"]} × {shape["hidden_size"]}, {run["parameters"] / 1e6:.1f} M parameters, from `{run["config"]["base"]}` (origin and licence: models/base/README.md).
- Trained on {run["reports"]["train"]} reports ({run["absent"]} annotated texts were not at hand), chosen on {run["reports"]["dev"]} dev reports; seed {run["config"]["seed"]}.
{before}{taught}- Files: `tagger.int8.onnx` and `heads.onnx` (what `python -m infer` loads), `tagger.onnx` (fp32), `vocab.txt`, `run.json` (every choice, the history, sha256 of the weights).
- Meant for reports of Chinese local governments on health and neighbouring fields. Not meant for clinical text, tables, or decisions without a look at the evidence.
- Outputs checked against PyTorch: fp32 within {run["checks"]["fp32_worst_logit"]:.1e}, int8 gives the same tag on {100 * run["checks"]["int8_tag_agreement"]:.2f} % of characters.

Best epoch, PyTorch, the repository's dev split:

| | |
| --- | --- |
{dev}
Scores of the released int8 file on test and on real reports: `python -m infer.evaluate` and docs/.
"""
