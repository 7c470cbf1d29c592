"""The loop: one model trained from its first update to its selected weights.

A run can be stopped anywhere, also by SIGKILL, and goes on to the same weights bit for bit: data order and dropout
are functions of the seed and the number of the update, and a checkpoint holds all the rest.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from torch import nn

from sharewise.errors import RunError
from sharewise.memory import KeptMemory, keep_memory
from sharewise.tasks import Array
from sharewise.train.combining import Combiner, Losses, Part
from sharewise.train.computing import resolve_kernels
from sharewise.train.flops import flops_per_row
from sharewise.train.interrupt import interruptible
from sharewise.train.job import Job, Observer, Outcome, Silence, TaskScores
from sharewise.train.learners import build_learner
from sharewise.train.optimizer import build_optimizer, clipped_step
from sharewise.train.precision import resolve_precision
from sharewise.train.schedule import learning_rate
from sharewise.train.scoring import defined, joint_metrics, metrics_of, score_split
from sharewise.train.selection import own_scores, selection_score
from sharewise.train.state import RunFolder, RunState
from sharewise.train.steps import batch_plan, planned_updates
from sharewise.train.tracking import track

# Parts into which a step is cut at most when memory runs out.
_MOST_PARTS = 256


class Trainer:
    """Trains one job in its folder.

    Args:
        job: what to train on what.
        folder: keeps checkpoints and ``history.jsonl``; a trainer made anew on the same folder goes on.
        observer: is told of progress.
        checkpoint_seconds: time between checkpoints inside an epoch; one more follows every evaluation.
        before_update: is given the trainer, the number of the update and its rows before each update; it may measure
            what it likes, and must leave the model as it was.
    """

    def __init__(
        self,
        job: Job,
        folder: Path,
        *,
        observer: Observer | None = None,
        checkpoint_seconds: float = 60.0,
        before_update: Callable[[Trainer, int, Array], None] | None = None,
    ) -> None:
        keep_memory()
        self.memory = KeptMemory()
        options = job.training
        self.job = job
        self.folder = RunFolder(folder)
        self.observer = observer or Silence()
        self.checkpoint_seconds = checkpoint_seconds
        self.before_update = before_update
        # A task may be absent from a step on every process; its head must then stay as it is.
        self.accelerator = Accelerator(
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)]
        )
        self.device = self.accelerator.device
        self.precision = resolve_precision(options.precision, self.device)
        self.kernels = resolve_kernels(options.kernels, self.device)

        self.learner = build_learner(job, precision=self.precision, device=self.device)
        self.model = self.learner.model
        self.runner: nn.Module = self.accelerator.prepare_model(self.learner)
        self.optimizer = build_optimizer(self.model, options)
        self.combiner = Combiner(job, self.learner, self.runner, self.accelerator, self._seed_dropout)
        self.targets, self.plan = batch_plan(job)
        self.counts = self.plan.counts(options.epochs)
        self.total = sum(self.counts)
        self.state = RunState.start(list(job.tasks))
        self.state.kernels = self.kernels
        # Losses stay on the device until an evaluation or a checkpoint needs them: no step waits for a number.
        # Apple's devices have no float64.
        exact = torch.float32 if self.device.type == "mps" else torch.float64
        self.losses = torch.zeros(len(job.tasks), dtype=exact, device=self.device)

    def run(self) -> Outcome:
        """Train, select, and score the selected model on validation and test.

        Raises:
            KeyboardInterrupt: after Ctrl-C; a checkpoint is written first.
        """
        step = self._resume()
        self.observer.on_start(done=step, total=self.total)
        if not self.state.finished:
            with interruptible() as interrupted:
                self._train(step, interrupted)
        return self._outcome()

    def probe(self, updates: int) -> float:
        """Return the seconds that training spends on a row, over a few updates after one that isn't timed."""
        batches = self.plan.epoch(0)[: updates + 1]
        self._update(0, batches[0])
        timed = batches[1:] or batches
        started = time.perf_counter()
        for rows in timed:
            self._update(0, rows)
        self._fetch_losses()
        return (time.perf_counter() - started) / sum(map(len, timed))

    def _train(self, step: int, interrupted: threading.Event) -> None:
        started = saved = time.monotonic()
        before = self.state.seconds
        epoch, done = self._position(step)
        for current in range(epoch, self.job.training.epochs):
            batches = self.plan.epoch(current)
            for number in range(done, len(batches)):
                rows = self._in_mixture(batches[number])
                if len(rows):
                    if self.before_update is not None:
                        self.before_update(self, step, rows)
                    self._update(step, rows)
                    self.memory.after_update()
                step += 1
                now = time.monotonic()
                self.state.seconds = before + now - started
                self.observer.on_step(step=step, total=self.total)
                last = number + 1 == len(batches)
                if last:
                    self.combiner.weighting.after_epoch()
                due = self._evaluation_is_due(step, last_of_epoch=last)
                if due:
                    self._evaluate(step, epoch=current + (number + 1) / len(batches))
                    self.memory.release()
                    self.state.seconds = before + time.monotonic() - started
                if due or interrupted.is_set() or now - saved >= self.checkpoint_seconds:
                    self._save(step)
                    saved = time.monotonic()
                if interrupted.is_set():
                    raise KeyboardInterrupt
                if self.state.finished:
                    return
            done = 0

    def _in_mixture(self, rows: Array) -> Array:
        """Leave out the rows that hold cells of stopped tasks only."""
        stopped = self.state.stopped
        if not stopped:
            return rows
        return self.targets.holding(rows, [t for t in self.job.tasks if t not in stopped])

    def _update(self, step: int, rows: Array) -> None:
        """Make one optimizer step on these rows, in as many parts as memory demands.

        Raises:
            RunError: where there is too little memory for the smallest parts.
        """
        options = self.job.training
        # A stopped task counts as absent: no loss reaches its head, and so nothing moves it.
        totals = self.targets.counts(rows) | dict.fromkeys(self.state.stopped, 0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate(step)
        while True:
            self._seed_dropout(step)
            # Asking each of a hundred modules takes a millisecond.
            if not self.learner.training:
                self.learner.train()
            self.optimizer.zero_grad(set_to_none=True)
            try:
                losses = self.combiner.backward(step, self._parts(rows, totals))
                break
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                # One of several processes can't cut its step alone: the others wait for its gradients.
                if self.accelerator.num_processes > 1 or self.state.parts >= min(_MOST_PARTS, len(rows)):
                    raise RunError(
                        f"out of memory at update {step + 1}; set a smaller training.batch_tokens or "
                        "training.max_length, or take a smaller encoder"
                    ) from error
            self._double_parts(step)
        clipped_step(self.optimizer, self.model, options.max_gradient_norm)
        self.combiner.after_update(step, self._parts(rows, totals))
        self.losses += losses
        self.state.rows_seen += len(rows)
        for task, total in totals.items():
            self.state.made[task] += total > 0
            self.state.recent[task] += total > 0

    def learning_rate(self, step: int) -> float:
        """Return the rate of an update."""
        options = self.job.training
        return learning_rate(step, total=self.total, peak=options.learning_rate, warmup=options.warmup)

    def _parts(self, rows: Array, totals: Mapping[str, int]) -> list[Part]:
        """Cut a step into the parts that memory demands; each computes its shares of the tasks' losses."""
        parts = np.array_split(rows, min(self.state.parts, len(rows)))
        return [partial(self._part_losses, part, totals) for part in parts]

    def _part_losses(self, part: Array, totals: Mapping[str, int], module: nn.Module) -> Losses:
        mine = part[self.accelerator.process_index :: self.accelerator.num_processes]
        # A process without a row of its own lends the first one its tokens, and takes none of its cells.
        tokens = self.job.stores["train"].batch(mine if len(mine) else part[:1]).to(self.device)
        losses: Losses = module(tokens, self.targets.cells(mine, totals, self.device))
        return losses

    def _double_parts(self, step: int) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self.state.parts *= 2
        note = (
            f"out of memory at update {step + 1}: from here on each update is computed in {self.state.parts} parts, "
            "whose gradients are added up"
        )
        self.state.notes.append(note)
        self.observer.on_note(note)

    def _evaluation_is_due(self, step: int, *, last_of_epoch: bool) -> bool:
        every = self.job.training.evaluate_every
        if isinstance(every, int):
            return step % every == 0 or step == self.total
        return last_of_epoch

    def _evaluate(self, step: int, *, epoch: float) -> None:
        job, state = self.job, self.state
        self._fetch_losses()
        scores = self._score("validation", list(job.tasks))
        metrics = metrics_of(job.tasks, scores)
        joint = joint_metrics(job.tasks, scores)
        train = {t: state.losses[t] / n if n else math.nan for t, n in state.recent.items()}
        train_loss = sum(job.weights[t] * v for t, v in train.items() if state.recent[t])
        validation_loss = sum(job.weights[t] * scores[t].loss for t in job.tasks if len(scores[t].rows))
        primary = {n: t.metric for n, t in job.tasks.items()}
        losses = {t: s.loss for t, s in scores.items() if len(s.rows)}
        finite = math.isfinite(train_loss) and math.isfinite(validation_loss)
        score = track(
            state,
            job.training,
            whole=selection_score(
                job.training.select, metrics=metrics, primary=primary, joint=joint, loss=validation_loss
            ),
            own=own_scores(job.training.select, metrics=metrics, primary=primary, losses=losses),
            finite=finite,
            step=step,
            epoch=epoch,
            last=step == self.total,
        )
        selected = state.best is not None and state.best.step == step
        curves = {
            t: {"train_loss": train[t], "validation_loss": scores[t].loss} | metrics[t] for t in job.tasks
        }
        record = {
            "epoch": epoch,
            "step": step,
            "learning_rate": self.learning_rate(step - 1),
            "seconds": state.seconds,
            "train_loss": train_loss if finite and any(state.recent.values()) else None,
            "validation_loss": validation_loss if finite else None,
            "score": score.value if finite else None,
            "selected": selected,
            "joint": joint,
            "tasks": {t: defined(m, leave="loss") for t, m in curves.items()},
        }
        if coefficients := self.combiner.weighting.take_log():
            record["weights"] = coefficients
        state.history.append(record)
        self._forget_losses()
        if not finite:
            state.failed = f"the loss was not a finite number at update {step}"
        if self.accelerator.is_main_process:
            if selected:
                self.folder.write_best(self.model, step)
            self.folder.write_history(state.history)
        self.observer.on_evaluation(record)

    def _score(self, split: str, tasks: Sequence[str], *, write: bool = False) -> dict[str, TaskScores]:
        self.learner.eval()
        return score_split(
            self.learner.answer,
            tasks={t: self.job.tasks[t] for t in tasks},
            table=self.job.data.tables[split],
            store=self.job.stores[split],
            device=self.device,
            rank=self.accelerator.process_index,
            world=self.accelerator.num_processes,
            write=self.learner.write if write else None,
        )

    def selections(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Put the selected weights of a finished run, with the whole vocabulary, into the model.

        Yields:
            The step of an evaluation whose weights are in the model now, and the tasks that they were selected for:
            all of them, but for ``select: per_task``, where several evaluations may follow one another.
        """
        # The main process may still be writing them.
        self.accelerator.wait_for_everyone()
        chosen = self.state.chosen
        for step in sorted(self.state.kept_steps):
            self.learner.make_trainable()
            self.folder.load_best(self.model, step)
            self.learner.make_whole()
            yield step, tuple(t for t in self.job.tasks if chosen[t].step == step)

    def _outcome(self) -> Outcome:
        """Score what the run is judged by, with the selected weights."""
        state = self.state
        if state.best is None:
            raise RuntimeError("a finished run has no evaluation")
        found: dict[str, dict[str, TaskScores]] = {}
        for _, tasks in self.selections():
            for split in ("validation", "test"):
                if split in self.job.stores:
                    found.setdefault(split, {}).update(self._score(split, tasks, write=True))
        return Outcome(
            history=state.history,
            best=state.best,
            chosen=dict(state.chosen),
            stopped=dict(state.stopped),
            stopped_early=state.stopped_early,
            failed=state.failed,
            seconds=state.seconds,
            rows_seen=state.rows_seen,
            updates=planned_updates(self.targets, self.plan, self.job.training.epochs),
            updates_made=dict(state.made),
            parameters=sum(p.numel() for p in self.model.parameters()),
            trained=sum(p.numel() for p in self.model.parameters() if p.requires_grad),
            flops=flops_per_row(self.model, self.job.stores["train"], self.device),
            precision=self.precision,
            notes=list(state.notes),
            scores={s: {t: of_split[t] for t in self.job.tasks} for s, of_split in found.items()},
        )

    def _save(self, step: int) -> None:
        self._fetch_losses()
        if self.accelerator.is_main_process:
            self.folder.save(step, self.state, self.model, self.optimizer, self.combiner.weighting)

    def _resume(self) -> int:
        found = self.folder.resume(self.model, self.optimizer, self.combiner.weighting)
        if found is None:
            return 0
        step, self.state = found
        if self.state.kernels != self.kernels:
            # Other roundings and other masks: whoever reads the run has to know.
            before = self.state.kernels or "other"
            note = f"from update {step + 1} on computed by {self.kernels} kernels, before by {before} ones"
            self.state.notes.append(note)
            self.observer.on_note(note)
            self.state.kernels = self.kernels
        self.losses.copy_(torch.tensor([self.state.losses[t] for t in self.job.tasks], dtype=torch.float64))
        return step

    def _fetch_losses(self) -> None:
        self.state.losses = dict(zip(self.job.tasks, self.losses.tolist(), strict=True))

    def _forget_losses(self) -> None:
        self.losses.zero_()
        self.state.losses = dict.fromkeys(self.job.tasks, 0.0)
        self.state.recent = dict.fromkeys(self.job.tasks, 0)

    def _seed_dropout(self, step: int) -> None:
        """Let dropout follow from the seed and the update alone, so that a run can go on from any update."""
        world, rank = int(self.accelerator.num_processes), int(self.accelerator.process_index)
        torch.manual_seed(((self.job.seed * world + rank) << 32) + step)

    def _position(self, step: int) -> tuple[int, int]:
        """Turn a number of updates into (epoch, updates made in it)."""
        for epoch, count in enumerate(self.counts):
            if step < count:
                return epoch, step
            step -= count
        return len(self.counts), 0


def _is_out_of_memory(error: RuntimeError) -> bool:
    text = str(error).lower()
    words = ("out of memory", "can't allocate memory")
    return isinstance(error, torch.OutOfMemoryError) or any(w in text for w in words)
