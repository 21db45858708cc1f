"""What a fine-tuning run is made of: one frozen dataclass, saved in run.json."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class TrainConfig:
    """Every choice of a run. Rates are AdamW's at the end of the warm-up."""

    base: str = "models/base"
    name: str = "default"
    epochs: int = 6
    batch: int = 8  # windows a step
    rate: float = 2e-4  # encoder
    head_rate: float = 1e-3
    layer_decay: float = 0.95  # rate of each lower layer, relative to the one above
    dropout: float = 0.1  # of hidden states, whatever the base was saved with
    hide: float = 0.05  # share of characters masked in training
    warmup: float = 0.1  # share of the steps
    weight_decay: float = 0.01
    link_weight: float = 2.0
    role_weight: float = 0.5
    states_weight: float = 1.0  # of a teacher's states
    window: int = 254  # characters of whole sentences packed together; up to 510 for one long sentence
    layers: int = 0  # encoder layers kept, evenly spaced; 0 = all
    random_encoder: bool = False
    init: str = ""  # a fine-tuned model to go on from, work/<name>/best.safetensors or a model folder; the mean of several, joined by commas (train.released)
    authored: bool = True  # the reports written for the project
    external: bool = True  # annotated texts of the external data folder
    share: float = 1.0  # of the training reports, for learning curves
    seed: int = 13

    def to_json(self) -> dict[str, object]:
        """As plain data."""
        return asdict(self)
