"""Reference of the YAML files of NNI experiments: keys, tuners, trial commands and descriptors."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction, _ArgumentGroup
from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any

import numpy as np
from markdown_parts import arguments, table

from nni_nlp_bench.evaluators.base import EVALUATORS
from nni_nlp_bench.frameworks.nni import one_shot_search, retraining, search, trial
from nni_nlp_bench.frameworks.nni.tuning.descriptors import descriptors
from nni_nlp_bench.frameworks.nni.tuning.tuner_config import MINIMIZE, TunerConfig
from search_spaces.registry import SPACES

KEYS = {
    "experimentName": "Name in the web UI.",
    "trialCommand": "Command of a trial; [below](#trial-commands).",
    "trialCodeDirectory": "Folder that trials run in; copied to other machines (default: that of "
    "the file).",
    "trialConcurrency": "Number of trials at a time. Required.",
    "maxTrialNumber": "Number of trials (default: no limit).",
    "maxExperimentDuration": "Time after which no trial starts, such as `1h` (default: no limit).",
    "searchSpace": "With `StrategyTuner` bounds on [descriptors](#descriptors), `{}` for none; "
    "with `GridTuner` the choices whose combinations are tried. Each entry has NNI's `_type` and "
    "`_value`.",
    "tuner": "[`StrategyTuner`](#strategytuner), [`GridTuner`](#gridtuner), or a tuner of NNI's.",
    "assessor": "NNI's assessor that ends trials early, such as `{name: Medianstop}` (default: "
    "none).",
    "trainingService": "Where trials run: `{platform: local}`, or `remote` with `machineList`.",
    "nniManagerIp": "Address at which trials on other machines reach this one.",
}
"""Keys of NNI's file that the experiments use, with their meaning here."""
TUNER_KEYS = {
    "name": "`StrategyTuner` or `GridTuner` after `nni-nlp-bench experiment register`.",
    "className": "The same without registration: the full path of the class.",
    "codeDirectory": "Folder to import the class from; `.` for an installed package.",
    "classArgs": "Arguments of the tuner.",
}
PROGRAMS = {
    "trial": ("one architecture", trial.make_parser),
    "search": ("one whole search", search.make_parser),
    "one_shot_search": (
        "one search with shared weights, then a training",
        one_shot_search.make_parser,
    ),
    "retraining": ("one training with the parameters of the trial", retraining.make_parser),
}
INTRODUCTION = """
# Files of experiments

`nni-nlp-bench experiment up --config FILE` and `nnictl create --config FILE` start NNI experiments
from YAML files. `nni-nlp-bench experiment examples` lists those of this package, and
[NNI](../nni.md) explains them. `up` refuses an invalid file in one line before anything starts.
These are the only YAML files of this package: commands such as `compare` and `study` take options.
"""


def experiment_pages() -> Iterator[tuple[str, str]]:
    """Yield path and Markdown text of the page."""
    yield "reference/experiments.md", "\n".join(_page())


def _page() -> Iterator[str]:
    yield INTRODUCTION
    yield "## Keys\n"
    yield "NNI's documentation has all keys of its format; the experiments here use these.\n"
    yield from table(["key", "meaning"], ((f"`{key}`", text) for key, text in KEYS.items()))
    yield "## Keys of `tuner` { #tuner }\n"
    yield from table(["key", "meaning"], ((f"`{key}`", text) for key, text in TUNER_KEYS.items()))
    yield "## StrategyTuner\n\n`classArgs`:\n"
    meanings = arguments(TunerConfig)
    rows = (
        (f"`{field.name}`", _default(field), meanings[field.name]) for field in fields(TunerConfig)
    )
    yield from table(["key", "default", "meaning"], rows)
    yield "## GridTuner\n\n`classArgs`:\n"
    grid = [("`optimize_mode`", f"`{MINIMIZE}`", meanings["optimize_mode"])]
    yield from table(["key", "default", "meaning"], grid)
    yield "## Descriptors\n\nWhat `searchSpace` may bound with `StrategyTuner`, by space:\n"
    yield from table(["space", "descriptors"], _descriptors())
    yield "## Trial commands\n"
    for name, (purpose, make_parser) in PROGRAMS.items():
        yield f"### {name} {{ #{name} }}\n"
        yield f"`python -m nni_nlp_bench.frameworks.nni.{name}`: a trial is {purpose}.\n"
        yield from _options(make_parser())
    for name, evaluator in EVALUATORS.items():
        yield f"### Options with `--evaluator {name}` {{ #evaluator-{name} }}\n"
        parser = ArgumentParser(add_help=False)
        evaluator.add_options(parser)
        yield from _options(parser)


def _descriptors() -> Iterator[tuple[str, str]]:
    for name, space_class in SPACES.items():
        space: Any = space_class()
        names = descriptors(space, space.sample(np.random.default_rng(0)))
        yield f"`{name}`", ", ".join(f"`{descriptor}`" for descriptor in names)


def _options(parser: ArgumentParser | _ArgumentGroup) -> Iterator[str]:
    rows = []
    for action in parser._actions:
        if "--help" in action.option_strings:
            continue
        if action.nargs == 0 or isinstance(action, BooleanOptionalAction):
            value = ""
        else:
            value = "|".join(map(str, action.choices)) if action.choices else action.dest.upper()
        option = f"`{', '.join(action.option_strings)}` `{value}`".removesuffix(" ``")
        default = "required" if action.required else _shown(action.default)
        rows.append((option, default, action.help or ""))
    yield from table(["option", "default", "meaning"], rows)


def _default(field: Any) -> str:
    if field.default is not MISSING:
        return _shown(field.default)
    return "required" if field.default_factory is MISSING else _shown(field.default_factory())


def _shown(value: Any) -> str:
    return "" if value is None else f"`{value}`"
