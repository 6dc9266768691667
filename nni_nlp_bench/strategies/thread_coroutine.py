"""Coroutine on a thread, for code with its own loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Semaphore, Thread


class ThreadCoroutine:
    """Runs `function` in a thread, but only between `resume` and the next `suspend`.

    The function has its own states of the global random generators of Python, numpy and torch,
    seeded with `seed`; the caller's are restored when it suspends.
    """

    def __init__(self, function: Callable[[], None], seed: int) -> None:
        from nni_nlp_bench.training.seeding import generator_states, seeded

        self._function = function
        with seeded(seed):
            self._generators = generator_states()
        self._resumed, self._suspended = Semaphore(0), Semaphore(0)
        self._error: Exception | None = None
        self._closing = False
        self._ended = False
        self._thread = Thread(target=self._run, daemon=True)

    def resume(self) -> None:
        """Run the function until it suspends or returns. Raises its error."""
        if self._error is None and not self._ended:
            if self._thread.ident is None:
                self._thread.start()
            self._switch()
        if self._error is not None:
            raise self._error

    def suspend(self) -> None:
        """Return to the caller of `resume`; called from within the function."""
        if not self._closing:
            self._suspended.release()
            self._resumed.acquire()
        if self._closing:
            raise _Closed

    def close(self) -> None:
        """End the function where it is suspended, so that its `finally` blocks run."""
        self._closing = True
        if self._thread.is_alive():
            self._switch()
            self._thread.join()

    def _switch(self) -> None:
        with self._own_generators():
            self._resumed.release()
            self._suspended.acquire()

    def _run(self) -> None:
        self._resumed.acquire()
        try:
            self._function()
        except _Closed:
            pass
        except Exception as error:  # raised by `resume`
            self._error = error
        self._ended = True
        self._suspended.release()

    @contextmanager
    def _own_generators(self) -> Iterator[None]:
        from nni_nlp_bench.training.seeding import generator_states, set_generator_states

        callers = generator_states()
        set_generator_states(self._generators)
        try:
            yield
        finally:
            self._generators = generator_states()
            set_generator_states(callers)


class _Closed(BaseException):
    """Ends the function; not an Exception, so that the function does not handle it."""
