"""Load and validate the YAML file of an experiment before anything starts."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import read_text
from nni_nlp_bench.frameworks.nni.serving.addresses import training_services

MAX_BYTES = 2**20
_SILENT = logging.NullHandler()
_VALIDATION_ERRORS = (ValueError, TypeError, AttributeError, AssertionError, OSError)
"""Exceptions of NNI's classes for invalid values."""


class ConfigError(UserError):
    """The file is not a valid experiment configuration."""


def load_config(file: Path) -> Any:
    """Return the validated ExperimentConfig of a YAML file.

    Raises:
        UserError: the file cannot be read, or NNI or the tuner rejects it.
    """
    content = _read_yaml(file)
    _silence_nni()
    from nni.experiment.config import ExperimentConfig, utils

    try:
        utils.set_base_path(file.parent)
        config = ExperimentConfig(**content)
        _check_services(file, config)
        utils.unset_base_path()
        config.validate()
    except _VALIDATION_ERRORS as error:
        raise ConfigError(f"{file}: NNI rejects it: {_reason(error)}") from None
    finally:
        utils.unset_base_path()
    if config.use_annotation:
        raise ConfigError(f"{file}: NNI 3 does not support useAnnotation: use searchSpace")
    _check_tuner(file, config)
    return config


def load_stopped_config(id: str) -> Any:
    """Return the configuration of a stopped experiment.

    Raises:
        ConfigError: there is no stopped experiment of that id.
    """
    _silence_nni()
    from nni.experiment.config import ExperimentConfig
    from nni.experiment.launcher import get_stopped_experiment_config_json

    content = get_stopped_experiment_config_json(id)
    if content is None:
        raise ConfigError(f"no stopped experiment {id}: see `nnictl experiment list --all`")
    return ExperimentConfig(**content)


def _read_yaml(file: Path) -> Mapping[str, Any]:
    import yaml

    try:
        text = read_text(file, MAX_BYTES, ConfigError)
    except ConfigError as error:
        raise ConfigError(f"{error}; give --config a YAML file") from None
    try:
        content = yaml.safe_load(text)
    except RecursionError:
        raise ConfigError(f"{file} is not YAML: nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: numbers and dates
        raise ConfigError(f"{file} is not YAML: {error}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{file} is not a mapping: see `nni-nlp-bench experiment examples`")
    _check_search_space(file, content.get("searchSpace", {}))
    if "trainingServicePlatform" in content:
        raise ConfigError(f"{file} is in the format of NNI 1: use 'trainingService'")
    if content.get("experimentType", "hpo") != "hpo":
        raise ConfigError(f"{file}: unsupported experimentType, no trial would run: remove it")
    for name in ("tuner", "assessor", "searchSpace"):
        if not isinstance(content.get(name, {}), dict):
            raise ConfigError(
                f"{file}: {name} must be a mapping: see `nni-nlp-bench experiment examples`"
            )
    return content


def _check_search_space(file: Path, space: Any) -> None:
    """Raise ConfigError for a parameter that is not a mapping of NNI's `_type` and `_value`."""
    for name, choice in space.items() if isinstance(space, dict) else ():
        if not isinstance(choice, dict) or not {"_type", "_value"} <= choice.keys():
            raise ConfigError(
                f"{file}: searchSpace: {name} must have _type and _value, such as "
                "{_type: choice, _value: [1, 2]}"
            )


def _check_services(file: Path, config: Any) -> None:
    from nni.experiment.config.training_service import TrainingServiceConfig

    for service in training_services(config):
        if not isinstance(service, TrainingServiceConfig):
            raise ConfigError(f"{file}: trainingService needs a platform of NNI, such as 'local'")
        if service.platform == "openpai":
            raise ConfigError(f"{file}: NNI 3 no longer runs on OpenPAI")
    if isinstance(config.training_service, list) and config.nni_manager_ip is None:
        raise ConfigError(f"{file}: multiple training services require nniManagerIp")


def _check_tuner(file: Path, config: Any) -> None:
    """Check the tuner: NNI itself would only report a timeout after ten seconds."""
    from nni.tools.package_utils.config_manager import get_algo_meta

    canonical = config.canonical_copy()
    tuner = canonical.tuner
    registered = None if tuner.name is None else get_algo_meta(tuner.name)
    if tuner.name is not None and registered is None:
        raise ConfigError(
            f"{file}: unknown tuner {tuner.name!r}: see `nnictl algo list`; `nni-nlp-bench "
            "experiment register` adds those of this package"
        )
    module, _, name = (
        tuner.class_name if registered is None else registered.class_name
    ).rpartition(".")
    if module.startswith("nni_nlp_bench."):
        tuner_class = getattr(import_module(module), name)
        tuner_class.check(tuner.class_args or {}, canonical.search_space)


def _silence_nni() -> None:
    """Silence NNI's log: errors are raised, and it would print wrong addresses of the web UI."""
    from nni.runtime.log import silence_stdout

    silence_stdout()
    logging.getLogger("nni").addHandler(_SILENT)


def _reason(error: Exception) -> str:
    """Return NNI's message, or the source of an assertion without a message."""
    return str(error) or str(traceback.extract_tb(error.__traceback__)[-1].line)
