"""The model card: its front matter is what the hub reads, its body says what the manifest says."""

from __future__ import annotations

import yaml
from huggingface_hub import ModelCard

from models.saving import save_tiny
from sharewise.models.manifest import Licence, SavedMetric
from sharewise.models.saved import save_models

FACTS = {
    "texts": {"d": ("question", "answer")},
    "languages": {"ko": 0.9, "en": 0.08, "und": 0.02},
    "thresholds": {"spam": (0.3,)},
    "metrics": {
        "spam": {
            "validation": SavedMetric(metric="mcc", value=0.7, interval=(0.6, 0.8), rows=50),
            "test": SavedMetric(metric="mcc", value=0.61234, interval=(0.5, 0.7), rows=1200),
        }
    },
    "licence": Licence(encoder="mit", data={"d": "cc-by-4.0"}),
}


def test_front_matter_is_the_hubs(tmp_path, singles, tasks):
    save_tiny(tmp_path / "model", singles, tasks, **FACTS)
    card = ModelCard.load(tmp_path / "model" / "README.md")
    assert card.data.language == ["ko", "en"]
    assert card.data.pipeline_tag == "text-classification"
    assert card.data.library_name == "sharewise"
    (result,) = card.data.eval_results
    assert (result.task_name, result.dataset_split, result.metric_type) == ("spam", "test", "mcc")
    assert result.metric_value == 0.6123
    raw = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert yaml.safe_load(raw.split("---")[1])["model-index"][0]["name"] == "tiny"


def test_the_body_states_tasks_results_and_licences(tmp_path, singles, tasks):
    save_tiny(tmp_path / "model", singles, tasks, **FACTS)
    text = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "| spam | binary | 0, 1 | 0.3 | no |" in text
    assert "| tone.of-voice | multiclass | a, b, c | as trained | no |" in text
    assert "| spam | test | mcc | 0.6123 | 0.5000 to 0.7000 | 1,200 |" in text
    assert "- Encoder (from scratch): mit" in text
    assert "- Data `d`: cc-by-4.0" in text
    assert 'scorer.score([("a text", "its pair")])' in text


def test_several_models_have_one_card(tmp_path, singles, tasks):
    parts = {name: tmp_path / name for name in tasks}
    for name, part in parts.items():
        save_tiny(part, singles, {name: tasks[name]}, study={"name": "tiny", "simulated": True})
    save_models(tmp_path / "bundle", parts, licence="apache-2.0")
    text = (tmp_path / "bundle" / "README.md").read_text(encoding="utf-8")
    assert "Answers 3 task(s) about a text with 3 models, one a task." in text
    assert "**The training data are simulated:**" in text
    assert ModelCard(text).data.license == "apache-2.0"
