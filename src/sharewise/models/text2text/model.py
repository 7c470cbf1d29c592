"""The encoder-decoder that answers every task: prefix and text in, a label's text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import torch
from torch.nn import functional
from transformers.modeling_outputs import BaseModelOutput

from sharewise.data.tokens import TokenBatch
from sharewise.models.kernels.products import low_on_cpu
from sharewise.models.model import Model, SavedParts
from sharewise.models.text2text.quick import can_be_quick, quick_label_scores
from sharewise.models.text2text.scoring import label_scores
from sharewise.models.text2text.tree import PrefixTree, prefix_tree
from sharewise.models.text2text.words import TaskWords
from sharewise.stats.arrays import INVALID

# What cross-entropy passes over.
_IGNORED = -100


@final
class Text2Text(Model):
    """All tasks share the whole model, and are told apart by their prefixes (Raffel et al., JMLR 2020).

    A row with several tasks becomes several texts. Outputs are those that a task's head would give, made from the
    exact probabilities of the labels' texts; a decoder's most probable tokens after the right label's beginning, as
    teacher forcing gives them, would be no prediction.

    Args:
        backbone: of transformers' AutoModelForSeq2SeqLM.
        words: the tasks in the words of its tokenizer.
        objective: ``tokens`` (cross-entropy of the right text's tokens) or ``labels`` (of the distribution of labels).
        mean: whether log-probabilities of texts are divided by their number of tokens.

    Attributes:
        quick: whether kernels in C may score labels, where autocast asks for bfloat16 on the CPU and nothing is learnt.
    """

    quick = False

    def __init__(
        self, backbone: Any, words: Mapping[str, TaskWords], *, objective: str = "tokens", mean: bool = False
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.words = dict(words)
        self.objective = objective
        self.mean = mean
        self.start = int(backbone.config.decoder_start_token_id)
        self.trees: dict[str, PrefixTree] = {
            name: prefix_tree(task.answers, self.start) for name, task in words.items()
        }

    def forward(
        self, tokens: TokenBatch, asked: Mapping[str, torch.Tensor] | None = None
    ) -> dict[str, torch.Tensor]:
        """Map a batch of texts to outputs of shape ``(batch, task.outputs)``, float32, by task.

        Args:
            tokens: of the texts, without prefixes.
            asked: task -> the rows that are asked about, int64; all rows of every task if None. Rows that aren't
                asked about are zero.
        """
        rows = len(tokens.input_ids)
        every = torch.arange(rows, device=tokens.input_ids.device)
        outputs = {}
        for name in self.words:
            index = every if asked is None else asked[name]
            found = self.words[name].verbaliser.outputs(self.log_probabilities(name, tokens, index))
            outputs[name] = found.new_zeros(rows, found.shape[1]).index_copy(0, index, found)
        return outputs

    def log_probabilities(self, task: str, tokens: TokenBatch, index: torch.Tensor) -> torch.Tensor:
        """Log-probabilities of one task's answers in some rows of a batch, ``(rows, answers)``; they sum to one."""
        if not len(index):
            return torch.zeros(0, len(self.words[task].answers), device=index.device)
        ids, mask = self._prefixed(tokens, {task: index})
        learning = self.training or torch.is_grad_enabled()
        if self.quick and not learning and low_on_cpu(ids) and can_be_quick(self.backbone):
            scores = quick_label_scores(self.backbone, ids, mask, self.trees[task], mean=self.mean)
            return scores.log_softmax(dim=1)
        return self._distribution(task, self._states(ids, mask), mask)

    def losses(
        self, tokens: TokenBatch, index: Mapping[str, torch.Tensor], answers: Mapping[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Loss of each cell in nats, float32 ``(cells,)`` by task; all cells are encoded together.

        Args:
            tokens: of the texts, without prefixes.
            index: task -> the rows of its cells, ``(cells,)``.
            answers: task -> the number of each cell's right answer, ``(cells,)``.
        """
        states, mask = self._encode(tokens, index)
        sizes = [len(i) for i in index.values()]
        if self.objective == "tokens":
            losses = self._token_losses(states, mask, answers)
            return dict(zip(index, torch.split(losses, sizes), strict=True))
        parts = zip(index, torch.split(states, sizes), torch.split(mask, sizes), strict=True)
        return {
            name: functional.nll_loss(self._distribution(name, *part), answers[name], reduction="none")
            if len(answers[name])
            else states.new_zeros(0)
            for name, *part in parts
        }

    @torch.inference_mode()
    def written(self, task: str, tokens: TokenBatch, index: torch.Tensor, tokenizer: Any) -> torch.Tensor:
        """Write an answer freely (greedily); return the number of the label that it is, or -1, int64 ``(rows,)``.

        A text that doesn't end is no label, nor is one with other special tokens in it.
        """
        if not len(index):
            return torch.zeros(0, dtype=torch.int64)
        of_task = self.words[task]
        texts = [_text(answer, tokenizer) for answer in of_task.answers]
        ids, mask = self._prefixed(tokens, {task: index})
        written = self.backbone.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=of_task.longest,
            min_new_tokens=0,
            num_beams=1,
            do_sample=False,
        )
        # The first token is what the decoder begins with.
        found = [_text(row, tokenizer) for row in written[:, 1:].tolist()]
        numbers = [texts.index(t) if t is not None and t in texts else INVALID for t in found]
        return torch.tensor(numbers, dtype=torch.int64)

    def parts(self) -> SavedParts:
        """See Model."""
        return SavedParts(backbone=self.backbone, weights=self.backbone.state_dict(), own={})

    def _distribution(self, task: str, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        scores = label_scores(self.backbone, states, mask, self.trees[task], mean=self.mean)
        return scores.log_softmax(dim=1)

    def _token_losses(
        self, states: torch.Tensor, mask: torch.Tensor, answers: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """Cross-entropy of the right answer's tokens, summed over them, ``(cells,)``."""
        length = max(self.words[name].longest for name in answers)
        gold = torch.cat([self._table(name, length, states.device)[answers[name]] for name in answers])
        fed = torch.cat([torch.full_like(gold[:, :1], self.start), gold[:, :-1]], dim=1)
        logits = self.backbone(
            encoder_outputs=BaseModelOutput(last_hidden_state=states),
            attention_mask=mask,
            # After a text's end anything may be fed: nothing of it is asked.
            decoder_input_ids=fed.masked_fill(fed == _IGNORED, self.start),
            use_cache=False,
        ).logits
        losses = functional.cross_entropy(
            logits.float().flatten(0, 1), gold.flatten(), ignore_index=_IGNORED, reduction="none"
        )
        return losses.view(gold.shape).sum(dim=1)

    def _table(self, task: str, length: int, device: torch.device) -> torch.Tensor:
        """Tokens of a task's answers, ``(answers, length)``, filled up with what cross-entropy passes over."""
        rows = [[*a, *[_IGNORED] * (length - len(a))] for a in self.words[task].answers]
        return torch.tensor(rows, device=device)

    def _encode(
        self, tokens: TokenBatch, index: Mapping[str, torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Encode the texts of some cells in one batch, in the order of tasks and rows: states and mask."""
        ids, mask = self._prefixed(tokens, index)
        return self._states(ids, mask), mask

    def _states(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = self.backbone.get_encoder()(
            input_ids=ids, attention_mask=mask
        ).last_hidden_state
        return states

    def _prefixed(
        self, tokens: TokenBatch, index: Mapping[str, torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Put each task's prefix before its texts: ids and mask, ``(cells, length)``, padded on the right."""
        blocks = []
        for name, rows in index.items():
            of_task, device = self.words[name], rows.device
            ids, mask = tokens.input_ids[rows], tokens.attention_mask[rows].long()
            prefix = torch.tensor(of_task.prefix, dtype=ids.dtype, device=device).expand(len(rows), -1)
            lead = of_task.lead
            ids = torch.cat([ids[:, :lead], prefix, ids[:, lead:]], dim=1)
            blocks.append((ids, torch.cat([torch.ones_like(prefix), mask], dim=1)))
        longest = max(ids.shape[1] for ids, _ in blocks)
        pad = int(self.backbone.config.pad_token_id or 0)
        ids = torch.cat([functional.pad(i, (0, longest - i.shape[1]), value=pad) for i, _ in blocks])
        mask = torch.cat([functional.pad(m, (0, longest - m.shape[1])) for _, m in blocks])
        return ids, mask


def _text(tokens: Sequence[int], tokenizer: Any) -> str | None:
    """What tokens say before the end, special ones included; None if they don't end."""
    end = tokenizer.eos_token_id
    if end not in tokens:
        return None
    return " ".join(tokenizer.decode(tokens[: tokens.index(end)], skip_special_tokens=False).split())
