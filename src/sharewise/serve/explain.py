"""Which words mattered: each is left out in turn (occlusion; Zeiler and Fergus, 2014; Li et al., 2016)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from sharewise.data.turn import Alone, Text, Turn
from sharewise.models.calibration import decided
from sharewise.serve.scorer import Scorer
from sharewise.tasks import Array

# Stretches that are left out at most; of longer texts neighbours go together.
MOST = 64
# Japanese and Chinese write no spaces: kanji with the kana that end them, kana runs; else letters and digits.
_WORD = re.compile(
    "[\u4e00-\u9fff\u3005]+[\u3041-\u3096]*|[\u3041-\u3096]+|[\u30a1-\u30fa\u30fc]+"
    "|(?:(?![\u3005\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff])\\w)+(?:['’](?=\\w)\\w+)*"
)


@dataclass(frozen=True)
class Weighed:
    """A stretch of a text.

    Attributes:
        part: 0 of a text or a pair's first, 1 of its second.
        start: where it begins, in code points.
        end: where it ends.
        weight: the score with it minus the score without it.
    """

    part: int
    start: int
    end: int
    weight: float


def words(text: str, most: int = MOST) -> list[tuple[int, int]]:
    """Cut a text into at most so many stretches of whole words: (start, end), in order."""
    found = [match.span() for match in _WORD.finditer(text)]
    size = -(-len(found) // most) if found else 1
    return [(found[i][0], found[min(i + size, len(found)) - 1][1]) for i in range(0, len(found), size)]


def occlusions(text: Text) -> tuple[list[tuple[int, int, int]], list[Text]]:
    """The stretches of a text or pair as (part, start, end), and the text without each; what was before it stays."""
    if isinstance(text, Turn):
        places, left = _left_out(text.alone)
        return places, [_in_place(text, alone) for alone in left]
    places, left = _left_out(text)
    return places, list(left)


def _left_out(text: Alone) -> tuple[list[tuple[int, int, int]], list[Alone]]:
    parts = (text,) if isinstance(text, str) else text
    places, without = [], []
    for number, part in enumerate(parts):
        for start, end in words(part, MOST // len(parts)):
            # What is left must be a text: a lone word leaves a sign that says nothing.
            rest = (part[:start] + part[end:]).strip() or "…"
            places.append((number, start, end))
            without.append(rest if isinstance(text, str) else _replaced(text, number, rest))
    return places, without


def _in_place(turn: Turn, text: Alone) -> Turn:
    first, second = (text, None) if isinstance(text, str) else text
    return replace(turn, text=first, pair=second)


def _replaced(pair: tuple[str, str], number: int, rest: str) -> tuple[str, str]:
    return (rest, pair[1]) if number == 0 else (pair[0], rest)


def explain(
    scorer: Scorer,
    text: Text,
    task: str,
    score: Callable[[list[Text], list[str]], dict[str, Array]] | None = None,
) -> tuple[str, float, list[Weighed]]:
    """Weigh a text's words for one task.

    Args:
        scorer: the model.
        text: a text or pair, or a turn.
        task: whose output: the decided label's probability (of a binary task the positive one's), or the number.
        score: what computes; the scorer itself if None.

    Returns:
        The label (or the task's name for a number), its score on the whole text, and the stretches.
    """
    places, without = occlusions(text)
    scores = (score or scorer.scores)([text, *without], [task])[task]
    kind = scorer.tasks[task]
    column = 0
    if scores.shape[1] > 1:
        choice = decided(kind, scores[:1], scorer.thresholds.get(task))
        # Of ordered labels the lowest has no output.
        first = len(kind.labels) - scores.shape[1]
        column = int(scores[0].argmax()) if choice.ndim > 1 else max(0, int(choice[0]) - first)
    whole = float(scores[0, column])
    weights = whole - scores[1:, column]
    found = [Weighed(*place, round(float(w), 6)) for place, w in zip(places, weights, strict=True)]
    return kind.output_names[column], round(whole, 6), found
