"""What services list: things with an id for the service and a name for people."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Named(BaseModel):
    """A force, neighbourhood, ward or other area: id for the service, name for people."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    id: str
    name: str
