"""Whether arms come out in the same order as with HF Trainer and a model of two heads written for it.

The arms are those of a published comparison: two tasks, each alone, both together, six settings of their weights; three
seeds. Each task has simulated dialogues of its own; the encoder is BERT's make, two layers × 128 with random weights,
so that all 27 models of each side train in minutes. Both sides have the same rows, number of updates (32 rows of both
tasks an update, some 16 of one), learning rate, arithmetic in bfloat16, heads on the first token's state, and score
test with the weights of the last epoch; order, dropout and what decays are each side's own.

Prints each arm's MCC on test, the mean of both tasks over seeds, and on how many pairs of arms the sides disagree; and
of these on how many by more than luck: in opposite directions, each with a 95 % interval over seeds that excludes 0.

    python benchmarks/arms_ranking.py [--rows 600]
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from nine_criteria import machine
from scipy.special import stdtrit
from study_speed import SEEDS, WEIGHTS, simulated, written
from torch import nn
from training_speed import minilm

TASKS = {"interestingness": "interestingness_majority", "specificity": "specificity_majority"}
_EPOCHS, _ROWS, _RATE, _LENGTH = 6, 32, 1e-3, 128
_SHAPE = {"hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 512}
Data = Mapping[str, Mapping[str, pl.DataFrame]]
Scores = dict[str, np.ndarray[Any, np.dtype[Any]]]


def untrained(folder: Path) -> str:
    """Save a small encoder with random weights, and MiniLM's tokenizer."""
    import transformers

    torch.manual_seed(0)
    tokenizer = transformers.AutoTokenizer.from_pretrained(minilm())
    tokenizer.save_pretrained(folder)
    config = transformers.BertConfig(vocab_size=len(tokenizer), **_SHAPE)
    transformers.BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return str(folder)


def name_of(weights: tuple[float, float]) -> str:
    """An arm's name."""
    return f"{weights[0]:g} : {weights[1]:g}"


def sharewise_scores(data: Data, encoder: str, folder: Path) -> Scores:
    """Compare all arms with Sharewise: MCC by arm, ``(seeds, tasks)``."""
    from sharewise import Study, compare

    arms = {name_of(pair): dict(zip(TASKS, pair, strict=True)) for pair in WEIGHTS}
    study = Study(
        name="ranking",
        **written(data, folder),
        encoder={"name": encoder, "pooling": "cls"},
        training={
            "epochs": _EPOCHS,
            "batch_rows": _ROWS,
            "learning_rate": _RATE,
            "max_length": _LENGTH,
            "evaluate_every": 1_000_000,
            "precision": "bf16",
        },
        arms={"together": {"sharing": "hard"}}
        | {
            f"w{number}": {"sharing": "hard", "tasks": {t: {"weight": w} for t, w in weights.items()}}
            for number, weights in enumerate(arms.values())
        },
        seeds=SEEDS,
    )
    results = compare(study, runs=folder / "runs")
    names = {"single": "alone", "together": "together"} | {f"w{n}": name for n, name in enumerate(arms)}
    scores = {name: np.full((len(SEEDS), len(TASKS)), np.nan) for name in names.values()}
    for run in results.runs:
        for column, task in enumerate(TASKS):
            if task in run.metrics:
                scores[names[run.arm]][SEEDS.index(run.seed), column] = run.metrics[task]["test"]["mcc"]
    return scores


class TwoHeads(nn.Module):
    """An encoder with a head a task, as one would write it for HF Trainer; the loss is weighted by task."""

    def __init__(self, encoder: str, weights: Mapping[int, float]) -> None:
        super().__init__()
        import transformers

        self.encoder = transformers.AutoModel.from_pretrained(encoder, add_pooling_layer=False)
        config = self.encoder.config
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.heads = nn.ModuleList(nn.Linear(config.hidden_size, 2) for _ in TASKS)
        self.weights = dict(weights)

    def forward(
        self, input_ids: Any, attention_mask: Any, task: Any, labels: Any, **_: Any
    ) -> dict[str, Any]:
        """Return the loss and each row's two logits."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state[:, 0]
        both = torch.stack([head(self.dropout(states)).float() for head in self.heads], dim=1)
        logits = both[torch.arange(len(task)), task]
        losses = [
            weight * nn.functional.cross_entropy(logits[task == t], labels[task == t])
            for t, weight in self.weights.items()
            if (task == t).any()
        ]
        return {"loss": torch.stack(losses).sum(), "logits": logits}


def hf_model(data: Data, encoder: str, weights: Mapping[int, float], seed: int) -> list[float]:
    """Train one model with HF Trainer; return the test MCC of each of its tasks."""
    import datasets
    import transformers
    from sklearn.metrics import matthews_corrcoef

    transformers.logging.set_verbosity_error()
    datasets.disable_progress_bars()
    tokenizer = transformers.AutoTokenizer.from_pretrained(encoder)

    def rows(split: str, tasks: list[int]) -> Any:
        found = [list(data.values())[t][split].with_columns(task=pl.lit(t)) for t in tasks]
        frame = pl.concat(found)
        encoded = dict(tokenizer(frame["text"].to_list(), truncation=True, max_length=_LENGTH))
        kept = {key: encoded[key] for key in ("input_ids", "attention_mask")}
        return datasets.Dataset.from_dict(
            kept | {"task": frame["task"].to_list(), "labels": frame["label"].to_list()}
        )

    transformers.set_seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        trainer = transformers.Trainer(
            model=TwoHeads(encoder, weights),
            args=transformers.TrainingArguments(
                output_dir=folder,
                num_train_epochs=_EPOCHS,
                per_device_train_batch_size=_ROWS * len(weights) // len(TASKS),
                per_device_eval_batch_size=128,
                learning_rate=_RATE,
                warmup_steps=0.1,
                weight_decay=0.01,
                bf16=True,
                optim="adamw_torch_fused",
                train_sampling_strategy="group_by_length",
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                use_cpu=True,
                seed=seed,
            ),
            train_dataset=rows("train", list(weights)),
            data_collator=transformers.DataCollatorWithPadding(tokenizer),
        )
        trainer.remove_callback(transformers.PrinterCallback)
        trainer.train()
        trainer.args.train_sampling_strategy = "random"
        found = []
        for task in weights:
            answer = trainer.predict(rows("test", [task]))
            found.append(float(matthews_corrcoef(answer.label_ids, answer.predictions.argmax(-1))))
    return found


def hf_scores(data: Data, encoder: str) -> Scores:
    """Train all arms with HF Trainer: MCC by arm, ``(seeds, tasks)``."""
    arms = {"together": (1.0, 1.0)} | {name_of(pair): pair for pair in WEIGHTS}
    scores = {"alone": np.zeros((len(SEEDS), len(TASKS)))}
    scores |= {name: np.zeros((len(SEEDS), len(TASKS))) for name in arms}
    for row, seed in enumerate(SEEDS):
        for task in range(len(TASKS)):
            scores["alone"][row, task] = hf_model(data, encoder, {task: 1.0}, seed)[0]
        for name, pair in arms.items():
            scores[name][row] = hf_model(data, encoder, dict(enumerate(pair)), seed)
    return scores


def report(mine: Scores, its: Scores) -> str:
    """Both sides' scores as a Markdown table, and what their orders have in common."""
    lines = ["| arm | Sharewise, MCC × 100 | HF Trainer |", "|---|---|---|"]
    means = [{arm: 100 * s.mean(axis=1) for arm, s in scores.items()} for scores in (mine, its)]
    for arm in mine:
        cells = [f"{m[arm].mean():.1f} ± {m[arm].std(ddof=1):.1f}" for m in means]
        lines.append(f"| {arm} | {' | '.join(cells)} |")
    pairs = list(itertools.combinations(mine, 2))
    apart = [[_difference(m[one], m[other]) for m in means] for one, other in pairs]
    disagree = [(a, b) for a, b in apart if a[0] * b[0] < 0]
    beyond = [(a, b) for a, b in disagree if all(abs(d) > h for d, h in (a, b))]
    clear = [(a, b) for a, b in apart if any(abs(d) > h for d, h in (a, b))]
    lines.append(
        f"\n{len(pairs)} pairs of arms: the order differs on {len(disagree)}, on {len(beyond)} beyond the 95 % "
        f"intervals of both sides; {len(clear)} differ beyond that of one side at least"
    )
    return "\n".join(lines)


def _difference(one: Any, other: Any) -> tuple[float, float]:
    """Mean over seeds of the difference of two arms, and half the width of its 95 % interval."""
    apart = one - other
    error = apart.std(ddof=1) / np.sqrt(len(apart))
    return float(apart.mean()), float(error * stdtrit(len(apart) - 1, 0.975))


def main() -> None:
    """Train both sides; print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=600, help="training rows of each task")
    options = parser.parse_args()
    print(machine("torch", "transformers", "accelerate"))
    data = simulated(options.rows, test=600, tasks=TASKS)
    with tempfile.TemporaryDirectory() as temporary:
        encoder = untrained(Path(temporary) / "encoder")
        mine = sharewise_scores(data, encoder, Path(temporary))
        print(report(mine, hf_scores(data, encoder)))


if __name__ == "__main__":
    main()
