"""python -m train.base --encoder ENCODER --out models/base : the encoder to start from, with a vocabulary that fits.

Takes the masked-language model of the external data folder, drops the characters that normalisation never lets through
(traditional forms that OpenCC simplifies, forms that `corpus.fold` replaces), adds what is missing of GB 2312 and of the symbols that reports use, and
writes the folder in half precision.
"""

import argparse
from pathlib import Path

import torch
from opencc import OpenCC
from transformers import BertForMaskedLM

from corpus.characters import SPECIALS, Characters
from corpus.fold import fold

SYMBOLS = "①②③④⑤⑥⑦⑧⑨⑩ⅠⅡⅢⅣⅤⅥ⑴⑵⑶⑷⑸℃×÷±°′″²³√△▲■□◆★☆※→↑↓…—―─│○●「」『』《》〈〉【】、。·~‰㎡㎞㎏￥¥μαβγ∶♦•"


def gb2312() -> list[str]:
    """The 6,763 Chinese characters of GB 2312-80, rows 16 to 87 of the standard's table."""
    found = []
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                found.append(bytes([row, cell]).decode("gb2312"))
            except UnicodeDecodeError:
                continue  # the standard leaves five cells of row 55 empty
    return found


def fitted_vocabulary(old: Characters) -> Characters:
    """`old` without the characters that normalised text cannot hold, with GB 2312 and the symbols of reports added."""
    simplify = OpenCC("t2s").convert
    wanted = dict.fromkeys(name for name in old.names if name in SPECIALS or (fold(name) == name and simplify(name) == name))
    wanted.update(dict.fromkeys(char for char in gb2312() if simplify(char) == char))
    wanted.update(dict.fromkeys(fold(char) for char in SYMBOLS))
    return Characters(list(wanted))


def refit(model: BertForMaskedLM, old: Characters, new: Characters, seed: int = 0) -> BertForMaskedLM:
    """Moves the embedding rows of `old` to the ids of `new`, in place; a new character starts at the mean row plus a little noise."""
    table = model.bert.embeddings.word_embeddings.weight.data
    bias = model.cls.predictions.bias.data
    noise = torch.Generator().manual_seed(seed)
    rows = table.mean(0).repeat(len(new), 1) + 0.02 * torch.randn(len(new), table.shape[1], generator=noise)
    biases = bias.min().repeat(len(new))
    for id_, name in enumerate(new.names):
        if name in old.ids:
            rows[id_], biases[id_] = table[old.ids[name]], bias[old.ids[name]]
    model.resize_token_embeddings(len(new), mean_resizing=False)
    model.bert.embeddings.word_embeddings.weight.data.copy_(rows)
    model.cls.predictions.bias = torch.nn.Parameter(biases)
    model.cls.predictions.decoder.bias = model.cls.predictions.bias
    model.config.vocab_size = len(new)
    model.config.pad_token_id = new.pad
    return model


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train.base", description=__doc__.split("\n\n")[0])
    parser.add_argument("--encoder", type=Path, required=True, help="folder of a BertForMaskedLM with a character vocab.txt")
    parser.add_argument("--out", type=Path, default=Path("models/base"))
    args = parser.parse_args(argv)
    old = Characters.load(args.encoder / "vocab.txt")
    new = fitted_vocabulary(old)
    model = refit(BertForMaskedLM.from_pretrained(args.encoder).float(), old, new)
    args.out.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(args.out)
    new.save(args.out / "vocab.txt")
    added = sum(name not in old.ids for name in new.names)
    print(f"{args.out}: {len(new)} characters ({added} added, {len(old) - len(new) + added} dropped)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
