"""One line of progress at a terminal; lines now and then elsewhere; nothing that a program would read."""

from __future__ import annotations

import sys
import time
from typing import Self

_EVERY_S = {True: 0.1, False: 5.0}


class Progress:
    """Shows what is being done on standard error."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._shown_at = float("-inf")
        self._width = 0

    def say(self, text: str) -> None:
        """Show a line in place of the last one; too many are left out."""
        now_s = time.monotonic()
        if now_s - self._shown_at < _EVERY_S[self._is_terminal]:
            return
        self._shown_at = now_s
        end = "" if self._is_terminal else "\n"
        sys.stderr.write(f"\r{text:<{self._width}}{end}" if self._is_terminal else f"{text}\n")
        self._width = len(text)
        sys.stderr.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_terminal and self._width:
            sys.stderr.write(f"\r{'':<{self._width}}\r")
