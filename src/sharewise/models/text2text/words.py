"""Tasks as token ids: what is put before a text, and the texts of the labels, checked with the tokenizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sharewise.errors import UserError
from sharewise.tasks import Array, Task, Verbaliser


@dataclass(frozen=True, kw_only=True)
class TaskWords:
    """One task in a tokenizer's words.

    Attributes:
        prefix: tokens that stand before each of the task's texts.
        lead: how many special tokens begin every text; the prefix stands after them.
        answers: tokens of each answer's text, its end included.
        verbaliser: what the answers mean.
    """

    prefix: tuple[int, ...]
    lead: int
    answers: tuple[tuple[int, ...], ...]
    verbaliser: Verbaliser

    @property
    def longest(self) -> int:
        """Tokens of the longest answer."""
        return max(map(len, self.answers))


def tasks_in_words(tasks: Mapping[str, Task], tokenizer: Any, *, max_length: int) -> dict[str, TaskWords]:
    """Encode every task's prefix and label texts.

    A prefix is encoded by itself, without the blank at its end: SentencePiece tokenizers give the same tokens for
    prefix and text in one, as blanks belong to the word that follows.

    Args:
        tasks: by name.
        tokenizer: of transformers, with an end-of-sequence token.
        max_length: tokens of a label's text at most.

    Raises:
        UserError: where the tokenizer can't write a label, can't tell two labels or two tasks' prefixes apart, or a
            label is too long.
    """
    if tokenizer.eos_token_id is None:
        raise UserError(
            "the encoder's tokenizer has no end-of-sequence token, by which a label's text ends",
            expected="a tokenizer of an encoder-decoder, such as T5's",
        )
    lead = _lead(tokenizer)
    words: dict[str, TaskWords] = {}
    for name, task in tasks.items():
        verbaliser = task.verbaliser()
        prefix = tuple(tokenizer(task.prefix.rstrip(), add_special_tokens=False)["input_ids"])
        answers = [_answer(task, i, verbaliser, tokenizer, max_length) for i in range(len(verbaliser.texts))]
        _check_differ(task, verbaliser, answers)
        for other, known in words.items():
            if known.prefix == prefix:
                raise UserError(
                    f"tasks.{name}.prefix: {task.prefix!r} has the same tokens as {tasks[other].prefix!r} of "
                    f"tasks.{other}, and one model couldn't tell the tasks apart",
                    action="give them prefixes that the tokenizer tells apart",
                )
        words[name] = TaskWords(prefix=prefix, lead=lead, answers=tuple(answers), verbaliser=verbaliser)
    return words


def text_sizes(
    words: Mapping[str, TaskWords], present: Mapping[str, Array], lengths: Array
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Count the tokens of each row's texts, one a task that it has a cell of: prefix, text and longest answer.

    Args:
        words: all tasks of the study.
        present: task -> bool ``(rows,)``.
        lengths: tokens of each row's text, ``(rows,)``.
    """
    sizes = np.zeros(len(lengths), dtype=np.int64)
    for name, of_task in words.items():
        sizes += np.where(present[name], lengths + len(of_task.prefix) + of_task.longest, 0)
    # A row without a cell trains nothing, but still stands in the order of all rows.
    return np.maximum(sizes, 1)


def _lead(tokenizer: Any) -> int:
    """How many special tokens stand before a text."""
    whole = tokenizer("a")["input_ids"]
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    return next(i for i in range(len(whole)) if whole[i : i + len(bare)] == bare)


def _answer(
    task: Task, number: int, verbaliser: Verbaliser, tokenizer: Any, max_length: int
) -> tuple[int, ...]:
    name, text = verbaliser.names[number], verbaliser.texts[number]
    ids = list(tokenizer(text_target=text)["input_ids"])
    if ids[-1:] != [tokenizer.eos_token_id]:
        ids.append(tokenizer.eos_token_id)
    if not set(ids) - set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}:
        problem = (
            "has no token of its own" if tokenizer.unk_token_id not in ids else _unknown(text, tokenizer)
        )
        raise _refused(task, name, text, problem)
    if tokenizer.unk_token_id in ids:
        raise _refused(task, name, text, _unknown(text, tokenizer))
    written = tokenizer(text, add_special_tokens=False)["input_ids"]
    if special := set(written) & set(tokenizer.all_special_ids):
        spelt = tokenizer.convert_ids_to_tokens(min(special))
        raise _refused(task, name, text, f"holds the special token {spelt}, which no answer can hold")
    if len(ids) > max_length:
        raise _refused(
            task, name, text, f"has {len(ids)} tokens, and backend.max_target_length is {max_length}"
        )
    return tuple(ids)


def _unknown(text: str, tokenizer: Any) -> str:
    pieces = tokenizer.tokenize(text)
    known = " ".join(pieces)
    return f"has unknown tokens ({known}): the tokenizer can't write it"


def _refused(task: Task, label: str, text: str, problem: str) -> UserError:
    return UserError(
        f"tasks.{task.name}: the text {text!r} of label {label!r} {problem}",
        expected="for each label a text that the encoder's tokenizer can write",
        action=f"give the label another text: `labels: {{{label}: …}}`",
    )


def _check_differ(task: Task, verbaliser: Verbaliser, answers: Sequence[tuple[int, ...]]) -> None:
    first: dict[tuple[int, ...], int] = {}
    for number, answer in enumerate(answers):
        other = first.setdefault(answer, number)
        if other != number:
            names, texts = verbaliser.names, verbaliser.texts
            raise UserError(
                f"tasks.{task.name}: the texts {texts[other]!r} and {texts[number]!r} of labels {names[other]!r} and "
                f"{names[number]!r} have the same tokens",
                expected="texts that the encoder's tokenizer tells apart",
                action=f"give one of them another text: `labels: {{{names[number]}: …}}`",
            )
