"""What run.json of a model folder must say, word for word, for this program to use the model: written by export, checked by whoever opens one."""

from annotations.candidates import FEATURE_SIZES, RELATIONS
from annotations.schema import DIRECTIONS, LABELS, ROLES, SCHEMA_VERSION
from annotations.tags import TAGS
from corpus.plans import HINTS

MODEL_FIELDS: dict[str, object] = {
    "schema": SCHEMA_VERSION,
    "tags": list(TAGS),
    "labels": list(LABELS),
    "relations": list(RELATIONS),
    "roles": list(ROLES),
    "directions": list(DIRECTIONS),
    "feature_sizes": [*FEATURE_SIZES, HINTS],
}


def other_fields(run: dict) -> list[str]:
    """The fields in which a run.json departs from this program's."""
    return [key for key, ours in MODEL_FIELDS.items() if run.get(key) != ours]
