"""Plain JSON for the messages that NNI's dispatcher and trials receive.

NNI decodes them with `nni.load`, which unpickles objects and calls functions that the text names.
Whoever can connect to the manager's port could thus run code in the tuner and in the trials.
"""

from __future__ import annotations

import json
import os
import sys
from types import SimpleNamespace
from typing import IO, Any

_CHANNELS = "nni.runtime.trial_command_channel"


def accept_plain_json_only() -> None:
    """Replace the decoder of this process, if it is a dispatcher that NNI's manager started."""
    if "NNI_TUNER_COMMAND_CHANNEL" not in os.environ:
        return
    from nni.runtime import msg_dispatcher, msg_dispatcher_base

    msg_dispatcher.load = msg_dispatcher_base.load = _load


def receive_plain_json_only(channel: Any) -> None:
    """Replace the decoder of a trial's command channel.

    Args:
        channel: One of NNI's channels.
    """
    module: Any = sys.modules[type(channel).__module__]
    if module.__name__ == f"{_CHANNELS}.v3":
        module.nni = SimpleNamespace(load=_load, dump=module.nni.dump)
    elif module.__name__ == f"{_CHANNELS}.local_legacy":
        module.load = _load


def _load(text: str = "", *, fp: IO[str] | None = None) -> Any:
    """Decode a message: numbers, texts, lists and dicts, never other objects."""
    return json.loads(text if fp is None else fp.read())
