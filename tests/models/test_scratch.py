"""The scratch encoder has the asked size, learns, and is saved as transformers' own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModel

from sharewise.data.tokens import tokenize
from sharewise.models.encoder import build_encoder
from sharewise.models.options import EncoderOptions, ScratchOptions
from sharewise.models.pretrained import quiet
from sharewise.models.tokenizers import load_tokenizer


@pytest.fixture(scope="module")
def built(singles):
    options = EncoderOptions(scratch=ScratchOptions(layers=3, width=48, heads=4, vocabulary=350, dropout=0.2))
    tokenizer = load_tokenizer(options, singles)
    return build_encoder(options, tokenizer, seed=1), tokenizer


def test_size(built):
    encoder, tokenizer = built
    config = encoder.backbone.config
    assert (config.num_hidden_layers, config.hidden_size, config.num_attention_heads) == (3, 48, 4)
    assert encoder.table.weight.shape == (len(tokenizer), 48)
    assert encoder.dropout == 0.2
    assert encoder.longest is None
    rates = {m.p for m in encoder.modules() if isinstance(m, torch.nn.Dropout)}
    assert rates == {0.2}


def test_every_layer_sees_the_whole_text(built):
    assert set(built[0].backbone.config.layer_types) == {"full_attention"}


def test_long_texts_have_positions(built, singles):
    encoder, tokenizer = built
    long = singles.head(1).with_columns(text=singles["text"].head(1).repeat_by(60).list.join(" "))
    tokens = tokenize(long, tokenizer, max_length=9000).batch(np.array([0]))
    with torch.no_grad():
        assert torch.isfinite(encoder(tokens)).all()


def test_it_learns_and_reloads_through_transformers(built, singles, tmp_path):
    encoder, tokenizer = built
    tokens = tokenize(singles, tokenizer, max_length=64).batch(np.arange(4))
    wanted = torch.eye(4, encoder.width)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=3e-3)
    encoder.eval()
    losses = []
    for _ in range(30):
        loss = (encoder.pooled(tokens) - wanted).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]
    with quiet(), torch.no_grad():
        encoder.backbone.save_pretrained(tmp_path)
        again = AutoModel.from_pretrained(tmp_path)
        states = again(
            input_ids=tokens.input_ids, attention_mask=tokens.attention_mask.long()
        ).last_hidden_state
        assert torch.equal(states, encoder(tokens))
