"""Exact log-probabilities of label texts: the input is encoded once, and shared prefixes are decoded once."""

from __future__ import annotations

from typing import Any

import torch
from transformers.modeling_outputs import BaseModelOutput

from sharewise.models.text2text.tree import PrefixTree

# Logits (rows × tokens × vocabulary) that are held at a time, a quarter of a gigabyte in float32.
_LOGITS = 2**26


def label_scores(
    model: Any, states: torch.Tensor, mask: torch.Tensor, tree: PrefixTree, *, mean: bool = False
) -> torch.Tensor:
    """Return each label's log-probability as the decoder's whole text, float32 ``(rows, labels)``.

    Args:
        model: of transformers' AutoModelForSeq2SeqLM.
        states: the encoder's, ``(rows, length, width)``.
        mask: 1 where there is no pad, ``(rows, length)``.
        tree: of the labels' tokens.
        mean: whether a log-probability is divided by the label's number of tokens.
    """
    size = max(1, _LOGITS // (tree.nodes * model.config.vocab_size))
    parts = zip(torch.split(states, size), torch.split(mask, size), strict=True)
    scores = torch.cat([_scores(model, *part, tree) for part in parts])
    return scores / tree.lengths.to(scores.device) if mean else scores


def _scores(model: Any, states: torch.Tensor, mask: torch.Tensor, tree: PrefixTree) -> torch.Tensor:
    rows, length, width = states.shape
    scores = torch.zeros(rows, len(tree.lengths), device=states.device)
    every = torch.arange(rows, device=states.device)
    cache, before = None, 1
    crossed: list[tuple[torch.Tensor, torch.Tensor]] = []
    for step in tree.passes:
        branches = len(step.tokens)
        repeated = every.repeat_interleave(branches)
        if cache is not None:
            parents = step.parents.to(states.device).repeat(rows)
            cache.self_attention_cache.batch_select_indices(repeated * before + parents)
            for layer, own in zip(cache.cross_attention_cache.layers, crossed, strict=True):
                layer.keys, layer.values = (_for_branches(block, branches) for block in own)
        output = model(
            # With a cache the decoder reads its keys and values of these states there, and here but their shape.
            encoder_outputs=BaseModelOutput(
                last_hidden_state=states if cache is None else states[:1].expand(len(repeated), length, width)
            ),
            attention_mask=mask[repeated],
            decoder_input_ids=step.tokens.to(states.device).repeat(rows, 1),
            past_key_values=cache,
            use_cache=True,
        )
        if cache is None:
            cache = output.past_key_values
            crossed = [(layer.keys, layer.values) for layer in cache.cross_attention_cache.layers]
        before = branches
        logits = output.logits.float().unflatten(0, (rows, branches))
        at = step.branches.to(states.device), step.steps.to(states.device)
        found = logits[:, *at, step.following.to(states.device)] - logits.logsumexp(dim=3)[:, *at]
        scores = scores.index_add(1, step.labels.to(states.device), found)
    return scores


def _for_branches(block: torch.Tensor, branches: int) -> torch.Tensor:
    """Repeat what a row's branches all see, ``(rows, …)`` to ``(rows × branches, …)``; selecting by index is slower."""
    return block.unsqueeze(1).expand(-1, branches, *block.shape[1:]).flatten(0, 1)
