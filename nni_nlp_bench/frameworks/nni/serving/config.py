"""An experiment's YAML file, checked as far as that is possible before anything starts."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.nni.serving.addresses import services

_SILENT = logging.NullHandler()
_REFUSALS = (ValueError, TypeError, AttributeError, AssertionError, OSError)
"""What NNI's classes raise for what they do not accept."""


class ConfigError(UserError):
    """The file holds no experiment that NNI can run; the message names the remedy."""


def load_config(file: Path) -> Any:
    """NNI's ExperimentConfig of a YAML file, found valid. Raises UserError."""
    content = _fields(file)
    _silence_nni()
    from nni.experiment.config import ExperimentConfig, utils

    try:
        utils.set_base_path(file.parent)
        config = ExperimentConfig(**content)
        _check_services(file, config)
        utils.unset_base_path()
        config.validate()
    except _REFUSALS as error:
        raise ConfigError(f"{file}: NNI refuses it: {_reason(error)}") from None
    finally:
        utils.unset_base_path()
    if config.use_annotation:
        raise ConfigError(f"{file}: NNI 3 has no useAnnotation: give it a searchSpace")
    _check_tuner(file, config)
    return config


def stopped_config(id: str) -> Any:
    """The configuration of an experiment that was stopped. Raises ConfigError."""
    _silence_nni()
    from nni.experiment.config import ExperimentConfig
    from nni.experiment.launcher import get_stopped_experiment_config_json

    content = get_stopped_experiment_config_json(id)
    if content is None:
        raise ConfigError(
            f"no stopped experiment {id}: `nnictl experiment list --all` names those that there are"
        )
    return ExperimentConfig(**content)


def _fields(file: Path) -> Mapping[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}; give --config a YAML file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not YAML: {error}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{file} holds no fields: see `nni-nlp-bench experiment examples`")
    if "trainingServicePlatform" in content:
        raise ConfigError(f"{file} is in the format of NNI 1: write it with 'trainingService'")
    if content.get("experimentType", "hpo") != "hpo":
        raise ConfigError(f"{file}: no trial would ever run: remove experimentType")
    for name in ("tuner", "assessor", "searchSpace"):
        if not isinstance(content.get(name, {}), dict):
            raise ConfigError(
                f"{file}: {name} must have fields: see `nni-nlp-bench experiment examples`"
            )
    return content


def _check_services(file: Path, config: Any) -> None:
    from nni.experiment.config.training_service import TrainingServiceConfig

    for service in services(config):
        if not isinstance(service, TrainingServiceConfig):
            raise ConfigError(f"{file}: trainingService needs a platform that NNI has, as 'local'")
        if service.platform == "openpai":
            raise ConfigError(f"{file}: NNI 3 cannot run on OpenPAI any more, though it reads this")
    if isinstance(config.training_service, list) and config.nni_manager_ip is None:
        raise ConfigError(f"{file}: several training services need nniManagerIp")


def _check_tuner(file: Path, config: Any) -> None:
    """NNI would wait for the tuner for ten seconds, and then say that it did not connect."""
    from nni.tools.package_utils.config_manager import get_algo_meta

    canonical = config.canonical_copy()
    tuner = canonical.tuner
    known = None if tuner.name is None else get_algo_meta(tuner.name)
    if tuner.name is not None and known is None:
        raise ConfigError(
            f"{file}: unknown tuner {tuner.name!r}: see `nnictl algo list`; `nni-nlp-bench "
            "register` adds ours"
        )
    module, _, name = (tuner.class_name if known is None else known.class_name).rpartition(".")
    if module.startswith("nni_nlp_bench."):
        kind = getattr(import_module(module), name)
        kind.check(tuner.class_args or {}, canonical.search_space)


def _silence_nni() -> None:
    """Its errors are told in one line, and it would name every address as one of the web UI."""
    from nni.runtime.log import silence_stdout

    silence_stdout()
    logging.getLogger("nni").addHandler(_SILENT)


def _reason(error: Exception) -> str:
    """What NNI says, or the assertion that it makes without a word."""
    return str(error) or str(traceback.extract_tb(error.__traceback__)[-1].line)
