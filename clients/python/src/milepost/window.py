"""A time window as the parameters of a request."""

from __future__ import annotations

from datetime import datetime, timezone


def window(start: datetime | None, end: datetime | None, outliers: bool) -> dict[str, str]:
    """``from``, ``to`` and ``outliers``, where they are given. Times need a zone."""
    params = {}
    for name, at in (("from", start), ("to", end)):
        if at is not None:
            if at.tzinfo is None:
                raise ValueError("times need a time zone: datetime.now(timezone.utc)")
            params[name] = at.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if outliers:
        params["outliers"] = "1"
    return params
