"""Plain JSON for the messages that NNI's dispatcher receives.

NNI decodes them with `nni.load`, which unpickles objects and calls functions that the text names.
Whoever can connect to the manager's port could thus run code in the tuner's process.
"""

from __future__ import annotations

import json
import os
from typing import Any


def accept_plain_json_only() -> None:
    """Replace the decoder of this process, if it is a dispatcher that NNI's manager started."""
    if "NNI_TUNER_COMMAND_CHANNEL" not in os.environ:
        return
    from nni.runtime import msg_dispatcher, msg_dispatcher_base

    msg_dispatcher.load = msg_dispatcher_base.load = _load


def _load(text: str) -> Any:
    """Decode a message: numbers, texts, lists and dicts, never other objects."""
    return json.loads(text)
