"""The base of facts that the simulated answers are true or false against."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from sharewise.data.corpus import facts_culture, facts_places, facts_science

LanguageCode = Literal["ko", "en", "ja"]
LANGUAGES: tuple[LanguageCode, ...] = ("ko", "en", "ja")

_TABLES: dict[str, str] = {
    "capital": facts_places.CAPITAL,
    "currency": facts_places.CURRENCY,
    "language": facts_places.LANGUAGE,
    "landmark": facts_places.LANDMARK,
    "river": facts_places.RIVER,
    "element": facts_science.ELEMENT,
    "animal": facts_science.ANIMAL,
    "moon": facts_science.MOON,
    "gauge": facts_science.GAUGE,
    "discovery": facts_science.DISCOVERY,
    "author": facts_culture.AUTHOR,
    "composer": facts_culture.COMPOSER,
    "dish": facts_culture.DISH,
    "instrument": facts_culture.INSTRUMENT,
    "sport": facts_culture.SPORT,
    "year": facts_culture.YEAR,
    "birthstone": facts_culture.BIRTHSTONE,
}

RELATIONS: tuple[str, ...] = tuple(_TABLES)
"""The kinds of fact, in the order of `FactBase.relation`."""

ORDERED: frozenset[str] = frozenset({"element", "sport", "year", "birthstone"})
"""Relations whose values stand in an order, so that one value can be nearly right."""


@dataclass(frozen=True)
class FactBase:
    """The facts in one language, as arrays over facts and over values.

    Values are numbered relation by relation: those of relation r are
    ``value_start[r] <= value < value_start[r + 1]``, in their order where the relation has one.
    """

    subjects: tuple[str, ...]
    """(facts,) what the fact is about."""
    relation: npt.NDArray[np.int64]
    """(facts,) index into `RELATIONS`."""
    value: npt.NDArray[np.int64]
    """(facts,) index into `values`: what is true of the subject."""
    values: tuple[str, ...]
    """(values,) every value that a relation has, once a relation."""
    fact_start: npt.NDArray[np.int64]
    """(relations + 1,) where each relation's facts begin."""
    value_start: npt.NDArray[np.int64]
    """(relations + 1,) where each relation's values begin."""
    popularity: npt.NDArray[np.float64]
    """(facts,) how often a fact is asked for; sums to 1 within a relation."""


@cache
def fact_base(language: LanguageCode) -> FactBase:
    """Return the facts in one language; the same facts in the same order in every language."""
    column = LANGUAGES.index(language)
    subjects: list[str] = []
    relations: list[int] = []
    fact_values: list[int] = []
    values: list[str] = []
    popularity: list[float] = []
    fact_start, value_start = [0], [0]
    for index, (name, table) in enumerate(_TABLES.items()):
        pairs = [_pair(line, column) for line in table.strip().splitlines()]
        # The order is taken in English, where the twelve months come in the table's own order.
        distinct = list(dict.fromkeys(value for _, value in pairs))
        if name in ORDERED and name != "birthstone":
            distinct.sort(key=_number)
        subjects += [subject for subject, _ in pairs]
        relations += [index] * len(pairs)
        fact_values += [value_start[-1] + distinct.index(value) for _, value in pairs]
        values += distinct
        # Some facts are asked for more often than others, as in any real log (a Zipf-like law).
        weights = [1.0 / (rank + 3) for rank in range(len(pairs))]
        popularity += [weight / sum(weights) for weight in weights]
        fact_start.append(len(subjects))
        value_start.append(len(values))
    return FactBase(
        subjects=tuple(subjects),
        relation=np.array(relations, dtype=np.int64),
        value=np.array(fact_values, dtype=np.int64),
        values=tuple(values),
        fact_start=np.array(fact_start, dtype=np.int64),
        value_start=np.array(value_start, dtype=np.int64),
        popularity=np.array(popularity, dtype=np.float64),
    )


def _pair(line: str, column: int) -> tuple[str, str]:
    subject, value = line.split(" | ")[column].split(" = ")
    return subject, value


_NUMBER_WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _number(value: str) -> int:
    digits = "".join(character for character in value if character.isdigit())
    if digits:
        return int(digits)
    return (
        _NUMBER_WORDS.index(value) + 2 if value in _NUMBER_WORDS else {"thirteen": 13, "fifteen": 15}[value]
    )
