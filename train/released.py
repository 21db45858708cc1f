"""Weights to go on from: a safetensors file of `train.loop`, or a released model folder, whose int8 weights are turned back into numbers."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from safetensors import SafetensorError
from safetensors.torch import load_file

from annotations.fields import other_fields
from corpus.characters import Characters

UNREADABLE = (OSError, SafetensorError, DecodeError, KeyError, StopIteration, TypeError, ValueError)


def weights_of(path: Path, chars: Characters) -> dict[str, torch.Tensor]:
    """The state dict of an `IndicatorModel` over these characters; ValueError when the path holds none.

    Of a model folder the fp32 tagger is read where it is at hand. From the int8 one every weight comes back within half a step
    of its scale: a start for further training, not the weights that were trained.
    """
    try:
        return _of_folder(path, chars) if path.is_dir() else load_file(path)
    except UNREADABLE as error:
        said = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path}: no weights to go on from ({said}); give a model folder or a best.safetensors that `python -m train` made") from None


def start_of(init: str, chars: Characters) -> dict[str, torch.Tensor]:
    """The weights that `--init` names: those of one path, or the mean of several, separated by commas (a model soup, Wortsman et al. 2022, arXiv:2203.05482).

    A soup is of models that were fine-tuned from the same weights. ValueError when a path holds none, or they differ in shape.
    """
    found = [weights_of(Path(path), chars) for path in init.split(",")]
    shapes = [{name: tuple(tensor.shape) for name, tensor in weights.items()} for weights in found]
    for path, shape in zip(init.split(","), shapes):
        if shape != shapes[0]:
            raise ValueError(f"--init {init}: {path} is of another shape than the first; give models that were fine-tuned from the same weights")
    return {name: torch.stack([weights[name].float() for weights in found]).mean(0) for name in found[0]}


def sound_file(folder: Path, run: dict, *names: str) -> Path:
    """The first of the files that is in the folder and the one that run.json speaks of; ValueError when there is none."""
    for name in names:
        if (folder / name).is_file() and hashlib.sha256((folder / name).read_bytes()).hexdigest() == run["files"][name]:
            return folder / name
    raise ValueError(f"{names[-1]} is missing or altered")


def _of_folder(folder: Path, chars: Characters) -> dict[str, torch.Tensor]:
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    wrong = other_fields(run)
    if wrong:
        raise ValueError(f"run.json: {wrong[0]} is not this program's")
    if Characters.load(folder / "vocab.txt").names != chars.names:
        raise ValueError(f"its vocabulary is not that of --base; it was trained from {run['config']['base']}")
    tagger, heads = sound_file(folder, run, "tagger.onnx", "tagger.int8.onnx"), sound_file(folder, run, "heads.onnx")
    found = {name.removeprefix("model."): tensor for name, tensor in _weights(tagger).items()}
    return found | {f"heads.{name}": tensor for name, tensor in _weights(heads).items()}


def _weights(path: Path) -> dict[str, torch.Tensor]:
    """Parameter name → tensor of one exported module. Weights of matrix products have lost their names in the export: the node that uses them says whose they are."""
    graph = onnx.load(str(path)).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = {name: array for name, array in arrays.items() if "/" not in name and "::" not in name and not name.endswith(("_scale", "_zero_point", "_quantized"))}
    for name in [name for name in arrays if name.endswith("_quantized") and "::" not in name]:
        found[name.removesuffix("_quantized")] = _numbers(name.removesuffix("_quantized"), arrays)
    for node in graph.node:
        module = node.name.strip("/").rpartition("/")[0].replace("/", ".")
        if node.op_type in ("MatMul", "MatMulInteger") and any("::" in name for name in node.input[:2]):
            stored = next(name for name in node.input[:2] if "::" in name)
            array = _numbers(stored.removesuffix("_quantized"), arrays) if stored.endswith("_quantized") else arrays[stored]
            found[f"model.{module}.weight"] = array.T  # PyTorch keeps [out, in]
        elif node.op_type == "Identity" and node.input[0] in found:
            found[node.output[0]] = found[node.input[0]]  # parameters that are equal to the last bit are stored once
    return {name: torch.from_numpy(np.array(array, dtype=np.float32)) for name, array in found.items()}


def _numbers(name: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    return (arrays[f"{name}_quantized"].astype(np.float32) - arrays[f"{name}_zero_point"].astype(np.float32)) * arrays[f"{name}_scale"]
