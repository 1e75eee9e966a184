"""What can go wrong in a call."""

from __future__ import annotations

from dataclasses import dataclass, field


class MilepostError(Exception):
    """The base of this package's errors."""


class Unreachable(MilepostError):
    """No answer came: the network, the server or its database is away. What was sent may or may not be stored."""


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field of the request."""

    field: str
    message: str


@dataclass
class Refused(MilepostError):
    """The server answered with an error (problem+json)."""

    status: int
    title: str
    detail: str
    errors: list[FieldError] = field(default_factory=list)
    retry_after_s: float | None = None
    """When to try again, if the server said so (429, 503)."""

    def __str__(self) -> str:
        fields = "; ".join(f"{error.field}: {error.message}" for error in self.errors)
        return f"{self.status} {self.title}: {fields or self.detail}"


class NotUnderstood(MilepostError):
    """The answer was none that this version of the package knows."""


@dataclass(eq=False)
class LiveError(MilepostError):
    """A connection, a subscription or a request over it has failed."""

    code: str
    """One of the protocol's, such as ``forbidden``, or ``lost``, ``timeout``, ``closed``, ``malformed``."""
    message: str
    retry_ms: float | None = None
    """It is tried again by itself after this time; ``None``: it is not."""

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
