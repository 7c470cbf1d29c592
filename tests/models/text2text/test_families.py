"""Folders of other encoder-decoders are loaded, trained, saved and read back, and score the same."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
import transformers as tf
from tokenizers import processors

from models.text2text.seq2seq import TEXTS
from sharewise.data.tokens import tokenize
from sharewise.models.backend import BackendOptions
from sharewise.models.options import EncoderOptions
from sharewise.models.pretrained import load_pretrained_tokenizer, quiet
from sharewise.models.saved import Facts, load_model, save_model
from sharewise.models.text2text.build import build_text2text
from sharewise.models.text2text.words import tasks_in_words
from sharewise.models.tokenizers import train_tokenizer
from sharewise.tasks import BinaryOptions, MultilabelOptions, OrdinalOptions

FRAME = pl.DataFrame({"text": TEXTS, "pair": [None] * len(TEXTS)}, schema_overrides={"pair": pl.String})
TASKS = {
    "amcd": BinaryOptions(data="d", label="l", labels={0: "事実", 1: "反実仮想"}).build(
        "amcd", pl.Series([0, 1])
    ),
    "about": MultilabelOptions(data="d", label="l", labels=["音", "電池"]).build("about", pl.Series(["音"])),
    "jsts": OrdinalOptions(data="d", label="l", increment=1).build("jsts", pl.Series([0.2, 3.4])),
}
SMALL = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
BART = {"d_model": 16, "max_position_embeddings": 64} | {
    f"{side}_{key}": value
    for side in ("encoder", "decoder")
    for key, value in {"layers": 1, "attention_heads": 2, "ffn_dim": 32}.items()
}


def folder_of(kind, folder):
    """Save a tiny model of a family with a tokenizer as that family has it: BART's texts begin with a token."""
    trained = train_tokenizer(FRAME, 320)
    begin, end = trained.token_to_id("[CLS]"), trained.token_to_id("[SEP]")
    template = {"single": "[CLS] $A [SEP]", "pair": "[CLS] $A [SEP] [SEP] $B [SEP]"}
    if kind != "bart":
        template = {"single": "$A [SEP]", "pair": "$A [SEP] $B [SEP]"}
    trained.post_processor = processors.TemplateProcessing(
        **template, special_tokens=[("[CLS]", begin), ("[SEP]", end)]
    )
    tokenizer = tf.PreTrainedTokenizerFast(
        tokenizer_object=trained,
        bos_token="[CLS]",
        eos_token="[SEP]",
        unk_token="[UNK]",
        pad_token="[PAD]",
        model_input_names=["input_ids", "attention_mask"],
    )
    ids = {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id, "eos_token_id": end}
    torch.manual_seed(4)
    if kind == "bart":
        config = tf.BartConfig(**BART, **ids, bos_token_id=begin, decoder_start_token_id=end)
        model = tf.BartForConditionalGeneration(config)
    elif kind == "mt5":
        config = tf.MT5Config(**SMALL, **ids, decoder_start_token_id=tokenizer.pad_token_id)
        model = tf.MT5ForConditionalGeneration(config)
    else:
        config = tf.UMT5Config(**SMALL, **ids, decoder_start_token_id=tokenizer.pad_token_id)
        model = tf.UMT5ForConditionalGeneration(config)
    with quiet():
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return EncoderOptions(name=str(folder))


@pytest.mark.parametrize("kind", ["mt5", "umt5", "bart"])
@pytest.mark.parametrize("objective", ["tokens", "labels"])
def test_a_family_learns_and_comes_back_as_it_was_saved(kind, objective, tmp_path):
    options = folder_of(kind, tmp_path / "given")
    backend = BackendOptions(name="text2text", objective=objective)
    tokenizer = load_pretrained_tokenizer(options)
    words = tasks_in_words(TASKS, tokenizer, max_length=backend.max_target_length)
    model = build_text2text(options, backend, tokenizer, words, seed=1)
    tokens = tokenize(FRAME, tokenizer, max_length=48).batch(np.arange(len(TEXTS)))
    index = {name: torch.arange(len(TEXTS)) for name in TASKS}
    right = {name: index[name] % len(words[name].answers) for name in TASKS}
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)

    def step():
        optimizer.zero_grad()
        loss = sum(found.mean() for found in model.losses(tokens, index, right).values())
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    model.train()
    losses = [step() for _ in range(25)]
    assert losses[-1] < 0.7 * losses[0]
    model.eval()
    written = model.written("about", tokens, index["about"], tokenizer)
    assert set(written.tolist()) <= {-1, 0, 1, 2, 3}
    save_model(
        tmp_path / "model",
        sharing=model,
        tokenizer=tokenizer,
        tasks=TASKS,
        options=options,
        backend=backend,
        sharing_name="hard",
        max_length=48,
        facts=Facts(study={"name": "families"}),
    )
    loaded = load_model(tmp_path / "model")
    with torch.no_grad():
        expected, found = model(tokens), loaded.sharing(tokens)
    assert all(torch.equal(expected[name], found[name]) for name in TASKS)
