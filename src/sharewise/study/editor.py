"""The JSON Schema of the study file, with which editors complete keys and mark mistakes."""

from __future__ import annotations

from typing import Any

from sharewise.models.backend import BackendOptions
from sharewise.models.sharing import SHARINGS
from sharewise.study.schema import Study
from sharewise.study.sweep_mistakes import swept_keys
from sharewise.study.sweeping import WEIGHTS
from sharewise.tasks import KINDS, TaskOptions
from sharewise.train.options import METRICS, SELECTIONS
from sharewise.weighting import WEIGHTINGS


def study_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the study file.

    It knows every key and the names of methods and metrics. What needs a look at several keys at once, that a
    data set exists for example, only ``load_study`` checks.
    """
    schema = Study.model_json_schema()
    definitions = schema["$defs"]
    encoder = {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/EncoderOptions"}]}
    _refine(schema["properties"], "encoder", encoder)
    column = {"type": "string", "minLength": 1}
    columns = {"type": "array", "items": column, "minItems": 1}
    context = {"anyOf": [column, columns, {"$ref": "#/$defs/ContextOptions"}]}
    _refine(definitions["DataOptions"]["properties"], "context", context)
    names = {"enum": list(BackendOptions.short_form)}
    backend = {"anyOf": [names, {"$ref": "#/$defs/BackendOptions"}]}
    _refine(schema["properties"], "backend", backend)
    arm = definitions["ArmOptions"]["properties"]
    _refine(arm, "sharing", {"enum": sorted(SHARINGS)})
    method = {"enum": list(WEIGHTINGS)}
    _refine(arm, "weighting", {"anyOf": [method, {"$ref": "#/$defs/WeightingChoice"}]})
    _refine(definitions["WeightingChoice"]["properties"], "method", method)
    _refine(arm, "training", {"$ref": "#/$defs/TrainingOptions"})
    _refine(arm, "encoder", encoder)
    _refine(arm, "backend", backend)
    _refine(arm, "tasks", {"type": "object", "additionalProperties": _weight(definitions)})
    values = {"type": "array", "minItems": 1}
    weights = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}, "minProperties": 1}
    swept = dict.fromkeys(swept_keys(), values) | {WEIGHTS: {**values, "items": weights}}
    axes = {"type": "object", "properties": swept, "additionalProperties": False, "minProperties": 1}
    _refine(schema["properties"], "sweep", {"type": "object", "additionalProperties": axes})
    _refine(definitions["TrainingOptions"]["properties"], "select", {"enum": list(SELECTIONS)})
    _refine(definitions["ReportOptions"]["properties"], "epoch_metric", {"enum": list(METRICS)})
    for kind in KINDS:
        definition = definitions[kind.__name__]
        definition["required"].append("kind")
        _refine(definition["properties"], "metric", {"enum": list(kind.valid_metrics)})
        definition["properties"]["kind"]["description"] = TaskOptions.model_fields["kind"].description
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Sharewise study",
    }


def _refine(properties: dict[str, Any], name: str, types: dict[str, Any]) -> None:
    """Replace what a key may be, and keep what is said of it."""
    kept = {k: v for k, v in properties[name].items() if k in ("description", "title")}
    properties[name] = types | kept


def _weight(definitions: dict[str, Any]) -> dict[str, Any]:
    weight = definitions[KINDS[0].__name__]["properties"]["weight"]
    return {"type": "object", "properties": {"weight": weight}, "additionalProperties": False}
