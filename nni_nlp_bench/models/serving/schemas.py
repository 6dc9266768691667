"""Bodies of requests and responses, with their limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from nni_nlp_bench.core.limits import MAX_SEED

MAX_TEXTS = 256
MAX_CHARACTERS = 20_000
"""Characters of one text."""
MAX_GENERATED = 1_000

Text = Annotated[str, Field(max_length=MAX_CHARACTERS)]
Milliseconds = Annotated[float, Field(description="Time of the model, without waiting.")]


class Body(BaseModel):
    """A body without unknown fields."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Error(Body):
    """Why a request failed."""

    error: str


class PredictRequest(Body):
    """Texts to classify."""

    texts: Annotated[
        list[Text | tuple[Text, Text]],
        Field(
            min_length=1,
            max_length=MAX_TEXTS,
            description="Texts, or pairs of texts for a model of pairs.",
            examples=[["A film to remember."]],
        ),
    ]


class LabelPrediction(Body):
    """Predicted label of a text."""

    label: str
    probability: float
    probabilities: dict[str, float]


class PredictResponse(Body):
    """Predictions in the order of the texts."""

    predictions: list[LabelPrediction]
    milliseconds: Milliseconds


class GenerateRequest(Body):
    """Beginning and length of a text."""

    prompt: Annotated[Text, Field(description="Words, separated by spaces.")] = ""
    n_words: Annotated[int, Field(ge=1, le=MAX_GENERATED)] = 50
    temperature: Annotated[
        float, Field(ge=0, le=100, description="0 takes the most probable word.")
    ] = 1.0
    top_k: Annotated[
        int | None, Field(ge=1, description="Number of words that are drawn from; null for all.")
    ] = None
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0


class GenerateResponse(Body):
    """The text that continues the prompt."""

    text: str
    milliseconds: Milliseconds


class PerplexityRequest(Body):
    """A text; every line ends with `<eos>`."""

    text: Text


class PerplexityResponse(Body):
    """Loss of a text: lower is better."""

    perplexity: Annotated[float | None, Field(description="null if it overflows a float.")]
    loss: Annotated[float, Field(description="Nats per token.")]
    tokens: int
    unknown: Annotated[int, Field(description="Words that are not in the vocabulary.")]
    milliseconds: Milliseconds
