"""A Chinese BERT with a token-classification head, a linking head and a role head, trained jointly on one pass of the encoder.

Characters in, three answers out: BIO tags for every character; for every (value, span) pair whether the value points at the
span (one bilinear matrix for each relation, plus what stands between the two); for every value its role and direction.
"""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, AutoTokenizer

from annotations.candidates import FEATURE_SIZES, RELATIONS
from annotations.schema import DIRECTIONS, LABELS, ROLES
from annotations.tags import TAGS
from corpus.characters import Characters
from corpus.plans import HINTS

NO_DIRECTION = len(DIRECTIONS)
CLAMP = 6.0  # largest input of a second feed-forward layer
# eager: on a CPU the fused attention's backward pass takes longer than all of the rest together
ATTENTION = "sdpa" if torch.cuda.is_available() else "eager"


def characters_of(base: str) -> Characters:
    """The vocabulary of any BERT read as single characters: vocab.txt of a folder, else what its tokenizer knows (a hub name)."""
    file = Path(base) / "vocab.txt"
    if file.is_file():
        return Characters.load(file)
    vocabulary = AutoTokenizer.from_pretrained(base).get_vocab()
    names = [f"[unused {i}]" for i in range(max(vocabulary.values()) + 1)]
    for name, id_ in vocabulary.items():
        names[id_] = name
    return Characters(names)


def keep_layers(bert: nn.Module, count: int) -> None:
    """Keeps `count` layers of a BERT, evenly spaced, the last one among them (Sajjad et al. 2023 drop layers likewise); 0 keeps all."""
    layers = bert.encoder.layer
    if count > len(layers):
        raise ValueError(f"--layers {count}: the encoder has {len(layers)}; give that many at most")
    if count:
        bert.encoder.layer = nn.ModuleList(layers[round((i + 1) * len(layers) / count) - 1] for i in range(count))
        bert.config.num_hidden_layers = count


class Soft(NamedTuple):
    """What a teacher says of a batch, in place of gold."""

    tags: torch.Tensor  # [B, L, len(TAGS)], probabilities
    states: torch.Tensor  # [B, L, hidden size of the teacher]
    links: torch.Tensor  # [P], probabilities
    kinds: torch.Tensor  # [S, 5 + 3], probabilities of roles and directions; zero for spans that are no value


class Batch(NamedTuple):
    """One batch. B windows of L tokens, S spans, P pairs. `spans` rows are (window, first token, last token, label)."""

    ids: torch.Tensor  # [B, L]
    attention: torch.Tensor  # [B, L]
    tags: torch.Tensor  # [B, L], -100 where nothing is to be learned
    spans: torch.Tensor  # [S, 4]
    pairs: torch.Tensor  # [P, 3]: value span, argument span, relation
    features: torch.Tensor  # [P, len(FEATURE_SIZES)]
    links: torch.Tensor  # [P], 0 or 1
    roles: torch.Tensor  # [S], -100 for spans that are no value
    directions: torch.Tensor  # [S], -100 likewise
    hints: torch.Tensor  # [S], corpus.plans.Plans.hint
    soft: Soft | None = None

    def to(self, device: str) -> "Batch":
        """The same batch on a device."""
        return Batch(*(tensor.to(device) for tensor in self[:-1]), self.soft and Soft(*(tensor.to(device) for tensor in self.soft)))


class Heads(nn.Module):
    """Linking, role and direction heads over span representations (first and last token's state, label)."""

    def __init__(self, hidden: int, size: int = 128, dropout: float = 0.1):
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.project = nn.Linear(2 * hidden, size)
        self.label = nn.Embedding(len(LABELS), size)
        self.norm = nn.LayerNorm(size)
        self.bilinear = nn.Parameter(torch.randn(len(RELATIONS), size, size) / size)
        self.features = nn.ModuleList(nn.Embedding(n, size) for n in FEATURE_SIZES)
        self.of_value = nn.Linear(size, size)
        self.of_argument = nn.Linear(size, size)
        self.of_relation = nn.Embedding(len(RELATIONS), size)
        self.out = nn.Linear(size, 1)
        self.bias = nn.Parameter(torch.full((len(RELATIONS),), -1.0))
        self.hint = nn.Embedding(HINTS, hidden)
        self.role = nn.Sequential(nn.Linear(3 * hidden, size), nn.GELU(), nn.Dropout(dropout), nn.Linear(size, len(ROLES) + len(DIRECTIONS) + 1))

    def forward(self, states: torch.Tensor, first: torch.Tensor, last: torch.Tensor, label: torch.Tensor, value: torch.Tensor, argument: torch.Tensor, relation: torch.Tensor, features: torch.Tensor, hints: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Link logits [P] and role + direction logits [S, 5 + 3], from flat states [N, H] and indices into them."""
        ends = torch.cat([states[first], states[last]], -1)
        spans = self.norm(self.project(self.dropout(ends)) + self.label(label))
        v, a = spans[value], spans[argument]
        # one product with all matrices, then the row of each pair's relation: cheaper than gathering matrices
        products = torch.einsum("pd,rde,pe->pr", v, self.bilinear, a).gather(1, relation.unsqueeze(1)).squeeze(1)
        seen = sum(table(features[:, i]) for i, table in enumerate(self.features))
        mixed = functional.gelu(self.of_value(v) + self.of_argument(a) + self.of_relation(relation) + seen)
        links = products + self.out(self.dropout(mixed)).squeeze(-1) + self.bias[relation]
        return links, self.role(torch.cat([self.dropout(ends), self.hint(hints)], -1))


def _clamped(_: nn.Module, inputs: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
    """GELU outputs without the outliers of [CLS] and [SEP] (up to 66, where no other character has more than 6.2): they would take
    nearly all of the 256 steps of an int8 scale. Measured before fine-tuning: masked loss 2.839 → 2.841 with a clamp at 8, 2.846 at 4."""
    return (inputs[0].clamp(max=CLAMP),)


class IndicatorModel(nn.Module):
    """The encoder and its heads."""

    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.encoder = encoder
        hidden = encoder.config.hidden_size
        self.dropout = nn.Dropout(0.1)
        self.tagger = nn.Linear(hidden, len(TAGS))
        self.heads = Heads(hidden)
        self.widen: nn.Linear | None = None  # while a wider teacher's states are learned
        for layer in encoder.encoder.layer:
            layer.output.dense.register_forward_pre_hook(_clamped)

    @classmethod
    def from_base(cls, base: str, **config: object) -> "IndicatorModel":
        """Any BERT that transformers can load, a folder or a hub name; the heads start at random.

        Attention dropout is off: drawing its masks takes longer than the attention itself.
        """
        return cls(AutoModel.from_pretrained(base, add_pooling_layer=False, use_safetensors=True, attn_implementation=ATTENTION, **{"attention_probs_dropout_prob": 0.0, **config}))

    @classmethod
    def from_config(cls, base: str, **config: object) -> "IndicatorModel":
        """The same with random encoder weights, to measure what the encoder brings."""
        made = AutoConfig.from_pretrained(base, attn_implementation=ATTENTION, **{"attention_probs_dropout_prob": 0.0, **config})
        return cls(AutoModel.from_config(made, add_pooling_layer=False))

    def encode(self, ids: torch.Tensor, attention: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """States [B, L, H] and tag logits [B, L, len(TAGS)]."""
        states = self.encoder(input_ids=ids, attention_mask=attention).last_hidden_state
        return states, self.tagger(self.dropout(states))

    def answer(self, states: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Link logits and role + direction logits of a batch's spans and pairs."""
        base = batch.spans[:, 0] * states.shape[1]
        return self.heads(states.flatten(0, 1), base + batch.spans[:, 1], base + batch.spans[:, 2], batch.spans[:, 3], batch.pairs[:, 0], batch.pairs[:, 1], batch.pairs[:, 2], batch.features, batch.hints)

    def losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        """Tag, link, role and direction losses, each a mean over what it is asked about."""
        states, logits = self.encode(batch.ids, batch.attention)
        if batch.soft is not None:
            return self._soft_losses(states, logits.float(), batch, batch.soft)
        found = {"tags": functional.cross_entropy(logits.float().flatten(0, 1), batch.tags.flatten(), ignore_index=-100)}
        if len(batch.spans):
            links, kinds = self.answer(states, batch)
            if len(batch.pairs):
                found["links"] = functional.binary_cross_entropy_with_logits(links.float(), batch.links.float())
            if (batch.roles >= 0).any():
                found["roles"] = functional.cross_entropy(kinds[:, : len(ROLES)].float(), batch.roles, ignore_index=-100)
                found["directions"] = functional.cross_entropy(kinds[:, len(ROLES) :].float(), batch.directions, ignore_index=-100)
        return found

    def _soft_losses(self, states: torch.Tensor, logits: torch.Tensor, batch: Batch, soft: Soft) -> dict[str, torch.Tensor]:
        """The same against a teacher (Hinton et al. 2015), and the squared distance of the last layer's states, each state normalised (Sanh et al. 2019 take the cosine)."""
        real = batch.tags >= 0
        wide = self.widen(states) if self.widen else states
        found = {
            "tags": functional.cross_entropy(logits[real], soft.tags[real]),
            "states": functional.mse_loss(functional.layer_norm(wide[real].float(), wide.shape[-1:]), functional.layer_norm(soft.states[real], wide.shape[-1:])),
        }
        if len(batch.spans):
            links, kinds = self.answer(states, batch)
            if len(batch.pairs):
                found["links"] = functional.binary_cross_entropy_with_logits(links.float(), soft.links)
            asked = soft.kinds.sum(-1) > 0
            if asked.any():
                found["roles"] = functional.cross_entropy(kinds[asked, : len(ROLES)].float(), soft.kinds[asked, : len(ROLES)])
                found["directions"] = functional.cross_entropy(kinds[asked, len(ROLES) :].float(), soft.kinds[asked, len(ROLES) :])
        return found
