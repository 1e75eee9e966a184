"""What a connection says about who it is."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping

from ..aio import AsyncClient

TokenSource = Callable[[str | None], str | Awaitable[str]]
"""Gives the present token. It is called at each attempt and before the token expires, with the token that was just refused, if one was.
A source that gives the same one again ends the attempts."""


class Credential:
    """A token, a source of tokens, a login, a device's key, or the link of a delivery."""

    def __init__(
        self,
        url: str,
        *,
        token: str | TokenSource | None = None,
        key: str | None = None,
        link: str | None = None,
        username: str | None = None,
        password: str | None = None,
        tenant: str | None = None,
    ) -> None:
        if sum(given is not None for given in (token, key, link, username)) > 1:
            raise ValueError("give one of token, key, link, and username with password")
        # The login names its tenant itself.
        self._fixed = {name: given for name, given in (("key", key), ("link", link)) if given is not None}
        if tenant is not None and username is None:
            self._fixed["tenant"] = tenant
        self._token = token
        self._login = (url, username, password or "", tenant) if username is not None else None
        self._client: AsyncClient | None = None

    @property
    def is_renewable(self) -> bool:
        """There may be another one later."""
        return self._login is not None or callable(self._token)

    async def hello(self, refused: str | None) -> Mapping[str, str]:
        """The fields of ``hello``. A login is used until it is refused."""
        known = None if self._client is None else self._client.present_token
        token = known if known is not None and refused is None else await self.token(refused)
        return {**self._fixed, **({} if token is None else {"token": token})}

    async def token(self, refused: str | None) -> str | None:
        """A token that is as new as possible."""
        if callable(self._token):
            given = self._token(refused)
            return await given if inspect.isawaitable(given) else given
        if self._login is None:
            return self._token
        if self._client is None:
            url, username, password, tenant = self._login
            self._client = AsyncClient(url, username=username, password=password, tenant=tenant, tries=1)
        return await self._client.fresh_token()

    async def close(self) -> None:
        """Closes the connections of the login."""
        if self._client is not None:
            await self._client.close()
