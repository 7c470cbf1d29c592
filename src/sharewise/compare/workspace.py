"""What several runs share: data read once, texts tokenised once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sharewise.compare.planning import RunSpec
from sharewise.data.kept import load_kept
from sharewise.data.table import StudyData
from sharewise.data.targets import check_thresholds
from sharewise.data.tokens import TokenStore, tokenize
from sharewise.errors import UserError
from sharewise.models.encoder import fingerprint
from sharewise.models.sharing import SharingOptions, with_groups
from sharewise.models.text2text.words import TaskWords, tasks_in_words
from sharewise.models.tokenizers import for_text, load_tokenizer
from sharewise.study import SINGLE, ResolvedArm, Study, located
from sharewise.tasks import DECISION_KEYS
from sharewise.train import Job


class Workspace:
    """Reads and tokenises for a study, each thing once.

    Args:
        study: the study.
        cache: folder of what is kept of data, tokenizers and tokens; shared by all studies.
    """

    def __init__(self, study: Study, cache: Path) -> None:
        self.study = study
        self.cache = cache
        self._data: dict[tuple[str, str], StudyData] = {}
        self._tokenizers: dict[str, Any] = {}
        self._stores: dict[tuple[str, str, int], dict[str, TokenStore]] = {}
        self._fingerprints: dict[str, str] = {}
        self._sharings: dict[str, SharingOptions] = {}
        self._digests: dict[str, dict[str, str]] = {}
        self._words: dict[tuple[str, int], dict[str, TaskWords]] = {}

    @property
    def base(self) -> StudyData:
        """The data under the study's own task keys."""
        return self.data(self.study.resolve(SINGLE))

    def data(self, arm: ResolvedArm) -> StudyData:
        """Read the data as an arm's task keys say.

        Raises:
            UserError: where they are wrong.
        """
        key, decisions = _data_key(arm), _decision_key(arm)
        if (key, decisions) not in self._data:
            with located(self.study, arm=arm.name):
                known = next((data for (other, _), data in self._data.items() if other == key), None)
                if known is None:
                    found = load_kept(self.study.data, arm.tasks, folder=self.study.folder, cache=self.cache)
                else:
                    # Other decisions need no other data.
                    found = replace(
                        known, tasks={name: t.deciding_by(arm.tasks[name]) for name, t in known.tasks.items()}
                    )
                    check_thresholds(found.tasks)
            self._data[key, decisions] = found
        return self._data[key, decisions]

    def tokenizer(self, arm: ResolvedArm) -> Any:
        """Load or train the arm's tokenizer."""
        key = _data_key(arm) + _encoder_key(arm)
        if key not in self._tokenizers:
            train = self.data(arm).train
            with located(self.study):
                digest = train.digest_of_texts if arm.encoder.scratch is not None else None
                tokenizer = load_tokenizer(arm.encoder, train.texts, self.cache, digest=digest)
            trained = arm.encoder.scratch is not None
            self._tokenizers[key] = for_text(tokenizer) if arm.backend.writes and trained else tokenizer
        return self._tokenizers[key]

    def words(self, arm: ResolvedArm) -> Mapping[str, TaskWords]:
        """Every task of the study in the words of the arm's tokenizer; none where heads answer.

        Raises:
            UserError: where the tokenizer can't write a label, or not tell labels or tasks apart.
        """
        if not arm.backend.writes:
            return {}
        key = (_data_key(arm) + _encoder_key(arm), arm.backend.max_target_length)
        if key not in self._words:
            data, longest = self.data(arm), arm.backend.max_target_length
            with located(self.study, arm=arm.name):
                _check_targets(data)
                tasks = data.tasks
                self._words[key] = tasks_in_words(tasks, self.tokenizer(arm), max_length=longest)
        return self._words[key]

    def stores(self, arm: ResolvedArm) -> dict[str, TokenStore]:
        """Tokenise all splits with the arm's tokenizer and maximum length, or take them from the cache."""
        key = (_data_key(arm), _encoder_key(arm), arm.training.max_length)
        if key not in self._stores:
            tokenizer = self.tokenizer(arm)
            self._stores[key] = {
                split: tokenize(
                    table.texts,
                    tokenizer,
                    max_length=arm.training.max_length,
                    cache=self.cache,
                    digest=table.digest_of_texts,
                )
                for split, table in self.data(arm).tables.items()
            }
        return self._stores[key]

    def fingerprint(self, arm: ResolvedArm) -> str:
        """Digest of the arm's encoder and tokenizer as they are before training."""
        key = _data_key(arm) + _encoder_key(arm)
        if key not in self._fingerprints:
            with located(self.study):
                self._fingerprints[key] = fingerprint(arm.encoder, self.tokenizer(arm))
        return self._fingerprints[key]

    def text_digests(self, arm: ResolvedArm) -> dict[str, str]:
        """Digest of the texts and groups of each split."""
        key = _data_key(arm)
        if key not in self._digests:
            self._digests[key] = {
                split: table.text_digest() for split, table in self.data(arm).tables.items()
            }
        return self._digests[key]

    def job(self, spec: RunSpec) -> Job:
        """Gather what one run trains on."""
        data = self.data(spec.resolved)
        return Job(
            tasks={t: data.tasks[t] for t in spec.tasks},
            weights=spec.weights,
            data=data,
            stores=self.stores(spec.resolved),
            tokenizer=self.tokenizer(spec.resolved),
            encoder=spec.resolved.encoder,
            sharing=spec.resolved.sharing,
            sharing_options=self.sharing_options(spec.resolved, spec.tasks),
            weighting=spec.resolved.weighting,
            weighting_options=spec.resolved.weighting_options,
            every_task=spec.resolved.every_task,
            training=spec.resolved.training,
            seed=spec.seed,
            backend=spec.resolved.backend,
            words=self.words(spec.resolved),
        )

    def sharing_options(self, arm: ResolvedArm, tasks: Sequence[str]) -> SharingOptions:
        """Fill in what a sharing method's keys leave to the training data, for a model of these tasks."""
        key = f"{_data_key(arm)} {tuple(tasks)} {arm.sharing} {arm.sharing_options}"
        if key not in self._sharings:
            self._sharings[key] = with_groups(arm.sharing_options, self.data(arm), tasks)
        return self._sharings[key]


def _data_key(arm: ResolvedArm) -> str:
    other = {"weight", "margin", *DECISION_KEYS}
    return str({name: task.model_dump(mode="json", exclude=other) for name, task in arm.tasks.items()})


def _decision_key(arm: ResolvedArm) -> str:
    own = set(DECISION_KEYS)
    return str({name: task.model_dump(mode="json", include=own) for name, task in arm.tasks.items()})


def _encoder_key(arm: ResolvedArm) -> str:
    return arm.backend.name + arm.encoder.model_dump_json(exclude={"pooling", "dropout"})


def _check_targets(data: StudyData) -> None:
    """Refuse what a model that writes one answer a row can't be trained on."""
    for name, keys in ((task.name, task.options.loss_keys) for task in data.tasks.values()):
        if keys:
            raise UserError(
                f"tasks.{name}.{keys[0]}: it does not go with `backend: text2text`, whose loss is that of the "
                "label's tokens",
                action="take the key away, or train with `backend: heads`",
            )
    for task in data.train.soft:
        raise UserError(
            f"tasks.{task}.targets: soft ones do not go with `backend: text2text`, which learns one answer a row",
            action="take the key away, or train with `backend: heads`",
        )
