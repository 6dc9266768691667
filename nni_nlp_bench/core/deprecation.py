"""Decorators for deprecated functions, classes and arguments: they still work, and warn.

Every warning is a `FutureWarning`, which Python shows once per calling line by default.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


def deprecated(*, since: str, removed_in: str, instead: str) -> Callable[[F], F]:
    """Mark a function, a method or a class as deprecated: a call warns.

    Args:
        since: First version that warns.
        removed_in: Version without the name.
        instead: What to use, as it is written in code.

    Returns:
        A decorator that keeps the signature and the behaviour.

    Example:
        >>> @deprecated(since="0.2", removed_in="0.4", instead="load()")
        ... def open_table(): ...
    """

    def decorate(target: F) -> F:
        message = _message(f"{target.__qualname__}()", since, removed_in, instead)
        if isinstance(target, type):
            cls: Any = target
            cls.__init__ = _warn_on_call(cls.__init__, message)
            return target
        return _warn_on_call(target, message)  # type: ignore[return-value]

    return decorate


def renamed_argument(
    old: str, new: str, *, since: str, removed_in: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Accept an argument under its old name too: a call with the old name warns.

    Args:
        old: Deprecated name of the argument.
        new: Its name in the decorated function.
        since: First version that warns.
        removed_in: Version that does not accept the old name.

    Returns:
        A decorator. The decorated function raises TypeError if it is called with both names.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        name = function.__qualname__
        message = _message(f"argument {old!r} of {name}()", since, removed_in, repr(new))

        @functools.wraps(function)
        def with_new_name(*args: P.args, **kwargs: P.kwargs) -> R:
            if old in kwargs:
                if new in kwargs:
                    raise TypeError(f"{name}() got {new!r} and its deprecated name {old!r}")
                warnings.warn(message, FutureWarning, stacklevel=2)
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return with_new_name

    return decorate


def _message(name: str, since: str, removed_in: str, instead: str) -> str:
    return (
        f"{name} is deprecated since nni-nlp-bench {since} and will be removed in {removed_in}: "
        f"use {instead} instead"
    )


def _warn_on_call(function: Callable[P, R], message: str) -> Callable[P, R]:
    @functools.wraps(function)
    def warn_and_call(*args: P.args, **kwargs: P.kwargs) -> R:
        warnings.warn(message, FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    return warn_and_call
