"""What only some applications can do: a verb asks for the capability, never for the application."""

from __future__ import annotations

from abc import ABC
from typing import ClassVar


class Capability(ABC):
    """Base of all capabilities; an application that has one inherits it, beside `Task`."""

    lacking: ClassVar[str]
    """What is said of an application that has it not, after its name."""
