"""The bundled corpus: simulated dialogues with nine criteria and three raters.

Read `dialogues` first, then `choices` (what is said) and `answers` (how it is said).
"""

from sharewise.data.corpus.criteria import CRITERIA
from sharewise.data.corpus.dialogues import LENGTHS, generate_dialogues
from sharewise.data.corpus.facts import LANGUAGES
from sharewise.data.corpus.writing import FORMATS, SPLITS, write_dialogues

__all__ = [
    "CRITERIA",
    "FORMATS",
    "LANGUAGES",
    "LENGTHS",
    "SPLITS",
    "generate_dialogues",
    "write_dialogues",
]
