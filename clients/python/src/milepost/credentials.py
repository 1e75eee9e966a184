"""Who calls: a token, a device's key, or a name and a password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Credentials:
    """What the calls authenticate with. Exactly one of the three is given."""

    token: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    login: tuple[str, str, str | None] | None = field(default=None, repr=False)
    """Username, password, tenant."""
    refresh_token: str | None = field(default=None, repr=False)
    """Of the last login."""

    def __post_init__(self) -> None:
        if sum(given is not None for given in (self.token, self.key, self.login)) > 1:
            raise ValueError("give one of token, key, and username with password")

    @property
    def is_missing(self) -> bool:
        """A login is due before the first call."""
        return self.login is not None and self.token is None

    @property
    def can_renew(self) -> bool:
        """A refused token can be replaced by another one."""
        return self.login is not None

    def headers(self) -> Mapping[str, str]:
        """The header that the server reads."""
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token}"}
        if self.key is not None:
            return {"Authorization": f"Device {self.key}"}
        return {}
