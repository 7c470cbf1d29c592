"""Exact log-probabilities of label texts: the input is encoded once, and shared prefixes are decoded once."""

from __future__ import annotations

from typing import Any

import torch
from transformers.modeling_outputs import BaseModelOutput

from sharewise.models.text2text.branches import shared_states
from sharewise.models.text2text.tree import PrefixTree

# Logits (rows × tokens × vocabulary) that are held at a time, a quarter of a gigabyte in float32.
_LOGITS = 2**26
# Types of models that can't project as many encoded texts as there are rows where there are more branches.
_APART = frozenset({"umt5"})


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
    rows, device = len(states), states.device
    scores = torch.zeros(rows, len(tree.lengths), device=device)
    every = torch.arange(rows, device=device)
    cache, before = None, 1
    crossed: list[tuple[torch.Tensor, torch.Tensor]] = []
    with shared_states(model) as shared:
        for step in tree.passes:
            branches = len(step.tokens)
            # Encoded texts stand once a row, or once a branch.
            copies = (
                1 if shared and (cache is not None or model.config.model_type not in _APART) else branches
            )
            if cache is not None:
                parents = step.parents.to(device).repeat(rows)
                cache.self_attention_cache.batch_select_indices(
                    every.repeat_interleave(branches) * before + parents
                )
                for layer, own in zip(cache.cross_attention_cache.layers, crossed, strict=True):
                    layer.keys, layer.values = (_copied(block, copies) for block in own)
            output = model(
                # With a cache the decoder reads its keys and values of these states there.
                encoder_outputs=BaseModelOutput(last_hidden_state=_copied(states, copies)),
                attention_mask=_copied(mask, copies),
                decoder_input_ids=step.tokens.to(device).repeat(rows, 1),
                past_key_values=cache,
                use_cache=True,
            )
            if cache is None:
                cache = output.past_key_values
                layers = cache.cross_attention_cache.layers
                crossed = [(layer.keys[::copies], layer.values[::copies]) for layer in layers]
            before = branches
            logits = output.logits.unflatten(0, (rows, branches))
            at = step.branches.to(device), step.steps.to(device), step.following.to(device)
            found = logits.log_softmax(dim=3, dtype=torch.float32)[:, *at]
            scores = scores.index_add(1, step.labels.to(device), found)
    return scores


def _copied(block: torch.Tensor, copies: int) -> torch.Tensor:
    """Repeat what a row's branches all see, ``(rows, …)`` to ``(rows × copies, …)``; selecting by index is slower."""
    return block.unsqueeze(1).expand(-1, copies, *block.shape[1:]).flatten(0, 1)
