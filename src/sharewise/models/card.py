"""The model card: README.md as the Hugging Face hub reads it, from what sharewise.json says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sharewise.models.manifest import Manifest, SavedMetric

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

# Languages that at least this share of the training texts is in.
_SHARE = 0.05


def model_card(manifests: Sequence[Manifest]) -> str:
    """Write the card of one model, or of several that answer together."""
    from huggingface_hub import ModelCardData

    first = manifests[0]
    name = str(first.study.get("name", "model"))
    base = first.encoder.get("name")
    data = ModelCardData(
        model_name=name,
        language=[code for code, share in first.languages.items() if share >= _SHARE and code != "und"]
        or None,
        license=first.licence.model,
        library_name="sharewise",
        pipeline_tag="text-classification",
        tags=["sharewise", "multi-task-learning"],
        # A local folder means nothing to a reader elsewhere.
        base_model=base if base and not str(base).startswith(("/", ".", "~")) else None,
        eval_results=[result for manifest in manifests for result in _results(manifest, name)] or None,
    )
    return f"---\n{data.to_yaml()}\n---\n\n" + "\n".join(_body(name, manifests))


def _results(manifest: Manifest, study: str) -> Iterator[EvalResult]:
    from huggingface_hub import EvalResult

    for task, by_split in manifest.metrics.items():
        split = _best_split(by_split)
        if split is not None:
            yield EvalResult(
                task_type="text-classification",
                task_name=task,
                dataset_type=str(manifest.tasks[task].options.get("data", study)),
                dataset_name=study,
                dataset_split=split,
                metric_type=by_split[split].metric,
                metric_value=round(by_split[split].value, 4),
            )


def _best_split(by_split: dict[str, SavedMetric]) -> str | None:
    """The split that says most: one that chose nothing."""
    return next((split for split in ("test", "validation") if split in by_split), None)


def _body(name: str, manifests: Sequence[Manifest]) -> Iterator[str]:
    tasks = {task: saved for m in manifests for task, saved in m.answers.items()}
    first = manifests[0]
    models = (
        "one model"
        if len(manifests) == 1
        else f"{len(manifests)} models, {_share(len(tasks), len(manifests))}"
    )
    yield f"# {name}\n"
    yield f"Answers {len(tasks)} task(s) about a text with {models}. Made by Sharewise {first.sharewise}.\n"
    if first.study.get("simulated"):
        yield "**The training data are simulated:** the model demonstrates, and says nothing about real texts.\n"
    yield "## Use\n"
    yield "```python\nimport sharewise\n"
    example = '("a text", "its pair")' if any(len(c) == 2 for c in first.texts.values()) else '"a text"'
    yield f'scorer = sharewise.Scorer.load("path/to/this/folder")\nscorer.score([{example}])\n```\n'
    yield "## Tasks\n"
    yield "| task | kind | labels | threshold | calibrated |"
    yield "|---|---|---|---|---|"
    for manifest in manifests:
        for task, saved in manifest.answers.items():
            labels = ", ".join(map(str, saved.found["labels"])) or "a number"
            cut = ", ".join(f"{t:g}" for t in manifest.thresholds.get(task, ())) or "as trained"
            calibrated = "yes" if task in manifest.calibration else "no"
            yield f"| {_cell(task)} | {saved.found['kind']} | {_cell(labels)} | {cut} | {calibrated} |"
    yield "\n## Results\n"
    yield "95 % intervals are over the rows (or groups of rows) of the split, for this one trained model.\n"
    yield "| task | split | metric | value | interval | rows |"
    yield "|---|---|---|---|---|---|"
    for manifest in manifests:
        for task, by_split in manifest.metrics.items():
            rows = list(by_split.items())
            if task in manifest.integers:
                rows.append(("validation, in 8-bit integers", manifest.integers[task]))
            for split, found in rows:
                low_high = "–" if found.interval is None else "{:.4f} to {:.4f}".format(*found.interval)
                yield (
                    f"| {_cell(task)} | {split} | {found.metric} | {found.value:.4f} | {low_high} "
                    f"| {found.rows:,} |"
                )
    yield "\nThe validation split chose the weights, so its numbers flatter; the test split chose nothing.\n"
    yield "## Data and limits\n"
    shares = ", ".join(f"{code} {share:.0%}" for code, share in first.languages.items())
    yield f"- Languages seen in training, as far as scripts show them: {shares or 'not recorded'}."
    yield f"- Texts of more than {first.max_length} tokens lose their ends; of a pair the longer one is cut first."
    if first.most_context != 0:
        most = "any number of" if first.most_context is None else f"up to {first.most_context}"
        yield (
            f"- In training {most} earlier texts of a dialogue stood before a text, the oldest first: "
            '`sharewise.Turn("a text", context=("before it",))`. Where there is no room, the oldest are left out.'
        )
    yield "- The answers are as good as the labels, and no better on texts unlike the training texts.\n"
    yield "## Licence\n"
    yield f"- Model: {first.licence.model or 'not stated'}"
    yield f"- Encoder ({first.encoder.get('name') or 'from scratch'}): {first.licence.encoder or 'not stated'}"
    for source in first.texts:
        yield f"- Data `{source}`: {first.licence.data.get(source) or 'not stated'}"
    yield ""


def _share(tasks: int, models: int) -> str:
    return "one a task" if tasks == models else "each for some of them"


def _cell(text: Any) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
