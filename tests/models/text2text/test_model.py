"""The model's outputs are its label probabilities; its losses are what a study trains; it is saved and read back."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
from torch.nn import functional
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from models.text2text.seq2seq import TEXTS, forced, save_japanese_t5
from sharewise.data.tokens import tokenize
from sharewise.errors import UserError
from sharewise.models.backend import BackendOptions
from sharewise.models.options import EncoderOptions, ScratchOptions
from sharewise.models.pretrained import load_pretrained_tokenizer, quiet
from sharewise.models.saved import Facts, load_model, save_model
from sharewise.models.text2text.build import build_text2text
from sharewise.models.text2text.words import tasks_in_words
from sharewise.models.tokenizers import for_text, load_tokenizer
from sharewise.tasks import BinaryOptions, RegressionOptions

TASKS = {
    "amcd": BinaryOptions(data="d", label="l", labels={0: "事実", 1: "反実仮想"}).build(
        "amcd", pl.Series([0, 1])
    ),
    "jsts": RegressionOptions(data="d", label="l", increment=0.5).build("jsts", pl.Series([0.0, 2.0, 5.0])),
}
FRAME = pl.DataFrame({"text": TEXTS, "pair": [None] * len(TEXTS)}, schema_overrides={"pair": pl.String})
SCRATCH = EncoderOptions(scratch=ScratchOptions(layers=1, width=32, vocabulary=300, dropout=0.0))


@pytest.fixture(scope="module")
def japanese(tmp_path_factory):
    return EncoderOptions(name=str(save_japanese_t5(tmp_path_factory.mktemp("japanese"))))


def build(options, **keys):
    backend = BackendOptions(name="text2text", **keys)
    tokenizer = (
        for_text(load_tokenizer(options, FRAME)) if options.scratch else load_pretrained_tokenizer(options)
    )
    words = tasks_in_words(TASKS, tokenizer, max_length=backend.max_target_length)
    return build_text2text(options, backend, tokenizer, words, seed=1).eval(), tokenizer, backend


@pytest.fixture(scope="module")
def scratch():
    return build(SCRATCH)


def batch(tokenizer):
    return tokenize(FRAME, tokenizer, max_length=64).batch(np.arange(len(TEXTS)))


def by_hand(model, tokenizer, task):
    """Log-probabilities of a task's answers, from texts with the prefix in them and a pass a label."""
    encoded = tokenizer([TASKS[task].prefix + text for text in TEXTS], padding=True, return_tensors="pt")
    mask = encoded["attention_mask"]
    with torch.no_grad():
        states = model.backbone.get_encoder()(input_ids=encoded["input_ids"], attention_mask=mask)
        scores = forced(model.backbone, states.last_hidden_state, mask, model.words[task].answers)
    return scores.log_softmax(dim=1)


def test_outputs_are_the_normalised_probabilities_of_the_labels(scratch, japanese):
    for model, tokenizer, _ in (scratch, build(japanese)):
        with torch.no_grad():
            outputs = model(batch(tokenizer))
        for name, task in TASKS.items():
            expected = by_hand(model, tokenizer, name)
            torch.testing.assert_close(
                outputs[name], task.verbaliser().outputs(expected), atol=1e-4, rtol=1e-4
            )
        probability = TASKS["amcd"].activate(outputs["amcd"])[:, 0]
        torch.testing.assert_close(
            probability, by_hand(model, tokenizer, "amcd")[:, 1].exp(), atol=1e-4, rtol=1e-4
        )


def test_only_rows_that_are_asked_about_are_answered(scratch):
    model, tokenizer, _ = scratch
    asked = {"amcd": torch.tensor([4, 1]), "jsts": torch.tensor([], dtype=torch.int64)}
    with torch.no_grad():
        some, every = model(batch(tokenizer), asked), model(batch(tokenizer))
    torch.testing.assert_close(some["amcd"][[4, 1]], every["amcd"][[4, 1]], atol=1e-5, rtol=1e-5)
    assert not some["amcd"][[0, 2, 3]].any()
    assert not some["jsts"].any()


@pytest.mark.parametrize("objective", ["tokens", "labels"])
def test_losses_are_of_the_right_text(objective):
    model, tokenizer, _ = build(SCRATCH, objective=objective)
    index = {"amcd": torch.tensor([0, 2, 3]), "jsts": torch.tensor([5])}
    answers = {"amcd": torch.tensor([1, 0, 1]), "jsts": torch.tensor([7])}
    with torch.no_grad():
        found = model.losses(batch(tokenizer), index, answers)
    for name in TASKS:
        log = by_hand(model, tokenizer, name)[index[name]]
        if objective == "labels":
            expected = functional.nll_loss(log, answers[name], reduction="none")
        else:
            expected = (
                -whole(model, tokenizer, name)[index[name]].gather(1, answers[name].unsqueeze(1)).squeeze(1)
            )
        torch.testing.assert_close(found[name], expected, atol=1e-4, rtol=1e-4)


def whole(model, tokenizer, task):
    """Log-probabilities of the texts, not normalised over labels."""
    encoded = tokenizer([TASKS[task].prefix + t for t in TEXTS], padding=True, return_tensors="pt")
    mask = encoded["attention_mask"]
    with torch.no_grad():
        states = model.backbone.get_encoder()(input_ids=encoded["input_ids"], attention_mask=mask)
        return forced(model.backbone, states.last_hidden_state, mask, model.words[task].answers)


def test_a_free_answer_is_a_label_or_none(scratch):
    model, tokenizer, _ = scratch
    every = torch.arange(len(TEXTS))
    answers = model.words["amcd"].answers
    found = model.written("amcd", batch(tokenizer), every, tokenizer)
    assert set(found.tolist()) <= {-1, 0, 1}

    def write(number):
        """A model that writes but one label: each of its tokens after the one before."""
        chain = [model.start, *answers[number]]
        ids = torch.tensor([[*chain[: n + 1]] for n in range(len(chain))][-1])

        def generate(**keys):
            return ids.repeat(len(keys["input_ids"]), 1)

        return generate

    for number in (0, 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(model.backbone, "generate", write(number))
            assert model.written("amcd", batch(tokenizer), every, tokenizer).tolist() == [number] * len(TEXTS)


def test_random_weights_follow_from_the_seed(scratch):
    model = scratch[0]
    again = build(SCRATCH)[0]
    pairs = zip(model.parameters(), again.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("source", ["scratch", "japanese"])
def test_saved_and_read_back_it_scores_the_same(source, scratch, japanese, tmp_path):
    model, tokenizer, backend = scratch if source == "scratch" else build(japanese, score="mean")
    save_model(
        tmp_path / "model",
        sharing=model,
        tokenizer=tokenizer,
        tasks=TASKS,
        options=SCRATCH if source == "scratch" else japanese,
        backend=backend,
        sharing_name="hard",
        max_length=32,
        facts=Facts(study={"name": "tiny"}),
    )
    loaded = load_model(tmp_path / "model")
    with torch.no_grad():
        expected, found = model(batch(tokenizer)), loaded.sharing(batch(loaded.tokenizer))
    assert all(torch.equal(expected[name], found[name]) for name in TASKS)
    if source == "japanese":
        assert not torch.equal(loaded.sharing.backbone.lm_head.weight, loaded.sharing.backbone.shared.weight)
    # Without Sharewise the same folder is a model of transformers.
    with quiet():
        plain = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "model" / "encoder")
        reader = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert reader(TEXTS[0])["input_ids"] == tokenizer(TEXTS[0])["input_ids"]
    assert sum(p.numel() for p in plain.parameters()) == sum(p.numel() for p in model.parameters())


def test_an_encoder_without_a_decoder_is_refused(tmp_path, family_folder):
    folder = family_folder("bert")
    backend = BackendOptions(name="text2text")
    with pytest.raises(UserError, match="bert has no decoder that could write"):
        build_text2text(EncoderOptions(name=str(folder)), backend, None, {}, seed=1)
