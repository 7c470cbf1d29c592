"""What is sent to the server, and what it answers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from sharewise.data.turn import Text, Turn
from sharewise.models.calibration import cuts
from sharewise.serve.scorer import Scorer

SomeText = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Earlier = Annotated[list[SomeText], Field(max_length=100)]
_CONTEXT = "texts of earlier turns, the oldest first; for models that were trained with some"
_PAIR: dict[str, JsonValue] = {"text": "What is the capital of France?", "pair": "It is Paris."}


class Asked(BaseModel):
    """A text, or two that belong together such as a question and its answer, and what was said before."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_PAIR]})

    text: SomeText
    pair: SomeText | None = None
    context: Earlier = Field(default_factory=list, description=_CONTEXT)

    @property
    def as_text(self) -> Text:
        """It as the scorer takes it."""
        return as_text(self.text, self.pair, self.context)


class ScoreRequest(BaseModel):
    """Texts to be scored."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"texts": ["a text", "another"]}, {"texts": [_PAIR]}, {"texts": "only one"}]
        },
    )

    texts: SomeText | Asked | Annotated[list[SomeText | Asked], Field(min_length=1)] = Field(
        description="one text, or an object with its pair and context, or a list of them"
    )
    tasks: Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None, description="names of tasks; all if left out"
    )

    @property
    def listed(self) -> list[Text]:
        """The texts as the scorer takes them."""
        given = self.texts if isinstance(self.texts, list) else [self.texts]
        return [item if isinstance(item, str) else item.as_text for item in given]


class TaskAnswer(BaseModel):
    """What the model says of one text and task."""

    decision: str | float | list[str] = Field(description="a label, several labels, or a number")
    probabilities: dict[str, float] = Field(
        description="by label, calibrated; of a binary task the positive one alone; empty for a number"
    )


class ScoreResponse(BaseModel):
    """Answers in the order of the texts."""

    model: str = Field(description="begins the model's digest; another model has another one")
    results: list[dict[str, TaskAnswer]] = Field(description="for each text its answers by task")


class ExplainRequest(BaseModel):
    """A text whose words are to be weighed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "a lovely film", "task": "polite"}]}
    )

    text: SomeText
    pair: SomeText | None = None
    context: Earlier = Field(default_factory=list, description=_CONTEXT)
    task: str

    @property
    def as_text(self) -> Text:
        """The text as the scorer takes it."""
        return as_text(self.text, self.pair, self.context)


class Span(BaseModel):
    """A stretch of a text and what it did to the probability."""

    part: int = Field(description="0: text, 1: pair")
    start: int = Field(description="in code points")
    end: int
    weight: float = Field(description="probability with it minus probability without it")


class ExplainResponse(BaseModel):
    """Occlusion: each word is left out in turn."""

    output: str = Field(description="the label whose probability, or the number, that was weighed")
    score: float
    spans: list[Span]
    milliseconds: float


class TaskFacts(BaseModel):
    """One task of the model."""

    kind: str
    labels: list[str]
    outputs: list[str] = Field(
        description="labels that have a probability; of a binary task the positive one"
    )
    thresholds: list[float] = Field(
        description="one an output, over which it counts; empty where the highest output is taken"
    )
    calibrated: bool
    metrics: dict[str, Any] = Field(description="split -> metric, value, interval, rows")


class ModelFacts(BaseModel):
    """What is served."""

    name: str
    model: str
    sharewise: str
    engine: str = Field(description="what computes, chosen by measurement where nobody said")
    tasks: dict[str, TaskFacts]
    texts: list[str] = Field(description="what the training texts were called: one name, or two of a pair")
    languages: dict[str, float]
    context: int | None = Field(
        description="earlier texts before each one that count at most: 0 for none, null for any number"
    )
    max_length: int = Field(description="tokens; longer texts lose their ends")
    limits: dict[str, int]


def as_text(text: str, pair: str | None, context: list[str]) -> Text:
    """A text, a pair, or a turn of a dialogue."""
    if context:
        return Turn(text, pair, tuple(context))
    return text if pair is None else (text, pair)


def fit_description(description: dict[str, Any], scorer: Scorer) -> None:
    """Write the model's tasks, and whether it takes earlier turns, into OpenAPI's description, in place."""
    schemas = description["components"]["schemas"]
    asked, explained = schemas["Asked"]["properties"], schemas["ExplainRequest"]["properties"]
    several = schemas["ScoreRequest"]["properties"]["tasks"]["anyOf"][0]["items"]
    of_file = next(p for p in description["paths"]["/v1/file"]["post"]["parameters"] if p["name"] == "task")
    for names in (several, explained["task"], of_file["schema"]["anyOf"][0]["items"]):
        names["enum"] = list(scorer.tasks)
    if scorer.most_context == 0:
        for properties in (asked, explained):
            properties["context"]["maxItems"] = 0


def model_facts(scorer: Scorer, version: str, limits: dict[str, int]) -> ModelFacts:
    """Describe the model that is served."""
    tasks = {
        name: TaskFacts(
            kind=task.options.kind,
            labels=list(task.labels),
            outputs=list(task.output_names) if task.labels else [],
            thresholds=list(cuts(task, scorer.thresholds.get(name))),
            calibrated=name in scorer.calibration,
            metrics={s: m.model_dump() for s, m in model.manifest.metrics.get(name, {}).items()},
        )
        for model in scorer.models
        for name, task in model.tasks.items()
    }
    first = scorer.models[0].manifest
    texts = next(iter(scorer.text_columns.values()), ("text",))
    return ModelFacts(
        name=str(first.study.get("name", "model")),
        model=short_digest(scorer),
        sharewise=version,
        engine=scorer.engine,
        tasks=tasks,
        texts=list(texts),
        languages=first.languages,
        context=scorer.most_context,
        max_length=min(model.max_length for model in scorer.models),
        limits=limits,
    )


def short_digest(scorer: Scorer) -> str:
    """The beginning of the (first) model's digest."""
    return scorer.digest[:12]
