import pytest

from sharewise.models.sharing import SHARINGS
from sharewise.study import Study, suggestions
from sharewise.study.keys import field_alternatives, walk
from sharewise.study.suggestions import suggest
from sharewise.tasks import KINDS
from sharewise.train.options import SELECTIONS


def test_only_names_that_exist_are_suggested():
    names = {*SHARINGS, *SELECTIONS, *(kind.model_fields["kind"].default for kind in KINDS)}
    for key in walk(Study):
        names |= {key.name, *(value for a in field_alternatives(key.field) for value in a.literals)}
    assert set(suggestions._ELSEWHERE) - names == set()


@pytest.mark.parametrize(
    ("name", "valid", "expected"),
    [
        ("epohcs", ["epochs", "patience"], "epochs"),
        ("Epochs", ["epochs"], "epochs"),
        ("max-length", ["max_length"], "max_length"),
        ("“binary”", ["binary", "multiclass"], "binary"),
        ("lr", ["learning_rate", "epochs"], "learning_rate"),
        ("fp16", ["auto", "bf16", "fp32"], "bf16"),
        ("xyz", ["epochs"], None),
        ("", ["epochs"], None),
        (3, ["hard"], None),
    ],
)
def test_suggestions(name, valid, expected):
    assert suggest(name, valid) == expected
