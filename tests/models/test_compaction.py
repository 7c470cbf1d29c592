"""Training with a compacted vocabulary is training with the whole one, bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.families import FAMILIES
from sharewise.data.tokens import tokenize
from sharewise.models.compaction import compact
from sharewise.models.encoder import build_encoder
from sharewise.models.options import EncoderOptions
from sharewise.models.sharing import HardSharing
from sharewise.models.tokenizers import load_tokenizer


def _parts(family, family_folder, texts):
    options = EncoderOptions(name=str(family_folder(family)), dropout=0.1)
    tokenizer = load_tokenizer(options)
    store = tokenize(texts, tokenizer, max_length=32)
    return build_encoder(options, tokenizer, seed=1), store


def _remapped(tokens, compaction):
    return replace(tokens, input_ids=torch.from_numpy(compaction.remap)[tokens.input_ids])


@pytest.mark.parametrize("family", FAMILIES)
def test_no_output_changes(family, family_folder, pairs):
    encoder, store = _parts(family, family_folder, pairs.head(2))
    tokens = store.batch(np.array([0, 1]))
    encoder.eval()
    with torch.no_grad():
        before = encoder(tokens)
        compaction = compact(encoder, store.vocabulary_used())
        assert encoder.table.num_embeddings == len(compaction.kept) < len(compaction.remap)
        assert torch.equal(encoder(_remapped(tokens, compaction)), before)
        compaction.restore(encoder)
        assert torch.equal(encoder(tokens), before)


@pytest.mark.parametrize("family", ["bert", "klue_roberta", "electra", "deberta_v3", "modernbert"])
def test_training_is_the_same(family, family_folder, pairs, tasks):
    losses, tables, starts = [], [], []
    for compacted in (False, True):
        encoder, store = _parts(family, family_folder, pairs.head(3))
        starts.append(encoder.table.weight.detach().clone())
        used = np.union1d(store.vocabulary_used(), [store.pad_id])
        compaction = compact(encoder, used) if compacted else None
        model = HardSharing(encoder, tasks, seed=1)
        table = [p for p in model.parameters() if p is encoder.table.weight]
        rest = [p for p in model.parameters() if p is not encoder.table.weight]
        optimizer = torch.optim.AdamW(
            [{"params": table, "weight_decay": 0.0}, {"params": rest, "weight_decay": 0.1}], lr=1e-3
        )
        losses.append([])
        for step in range(4):
            torch.manual_seed(step)
            tokens = store.batch(np.array([step % 3, 2]))
            outputs = model(_remapped(tokens, compaction) if compaction else tokens)
            loss = sum(o.square().mean() + o.mean() for o in outputs.values())
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses[-1].append(loss.item())
        if compaction:
            compaction.restore(encoder)
        tables.append(encoder.table.weight.detach())
    assert losses[0] == losses[1]
    assert torch.equal(tables[0], tables[1])
    assert torch.equal(starts[0], starts[1])
    unused = np.setdiff1d(np.arange(len(starts[0])), used)
    assert len(unused)
    assert torch.equal(tables[1][unused], starts[1][unused])
    assert not torch.equal(tables[1], starts[1])


def test_restored_config_describes_the_whole_table(family_folder, singles):
    encoder, store = _parts("bert", family_folder, singles.head(1))
    whole = encoder.backbone.config.vocab_size
    compaction = compact(encoder, store.vocabulary_used())
    assert encoder.backbone.config.vocab_size == len(encoder.table.weight) < whole
    compaction.restore(encoder)
    assert encoder.backbone.config.vocab_size == len(encoder.table.weight) == whole
    assert encoder.table.weight.requires_grad


def test_unannounced_ids_are_refused(family_folder, singles):
    encoder, store = _parts("bert", family_folder, singles)
    compaction = compact(encoder, store.vocabulary_used()[:-1])
    tokens = store.batch(np.arange(4))
    assert (compaction.remap[tokens.input_ids.numpy()] == -1).any()
    with pytest.raises(IndexError):
        encoder(_remapped(tokens, compaction))


def test_pad_id_stays_what_it_is(family_folder, singles):
    encoder, store = _parts("klue_roberta", family_folder, singles)
    assert store.pad_id == 1
    compaction = compact(encoder, np.array([2, 9]))
    assert compaction.kept.tolist() == [0, 1, 2, 9]
    assert compaction.remap[[0, 1, 2, 9]].tolist() == [0, 1, 2, 3]
