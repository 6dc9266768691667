"""Two sides that take turns: a guest that runs in a thread of its own, and its host."""

from __future__ import annotations

from collections.abc import Callable
from threading import Semaphore, Thread


class Turns:
    """Runs `play`, the guest, but only in turns that the host gives it."""

    def __init__(self, play: Callable[[], None]) -> None:
        self._play = play
        self._guests_turn, self._hosts_turn = Semaphore(0), Semaphore(0)
        self._error: Exception | None = None
        self.ended = False
        """Whether the guest has come to its end."""
        self._thread = Thread(target=self._host, daemon=True)

    def give(self) -> None:
        """Let the guest go on until it passes, or ends. Raises the error that it ended with."""
        if self._error is not None:
            raise self._error
        if self.ended:
            return
        if self._thread.ident is None:
            self._thread.start()
        self._guests_turn.release()
        self._hosts_turn.acquire()
        if self._error is not None:
            raise self._error

    def pass_on(self) -> None:
        """The guest's: let the host go on, and wait for the next turn."""
        self._hosts_turn.release()
        self._guests_turn.acquire()

    def _host(self) -> None:
        self._guests_turn.acquire()
        try:
            self._play()
        except Exception as error:  # raised where the host gives a turn
            self._error = error
        self.ended = True
        self._hosts_turn.release()
