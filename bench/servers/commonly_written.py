"""F: the same read as a FastAPI and SQLAlchemy service, as such services are commonly written.

Mapped models, the audience's lists in jsonb columns; a session for each request, one query with its joins; Basic
authentication as a dependency; the answer described by models. It does less than ours: one client, whose credentials
it knows, no limiter, no metrics, no request ids.

python -m bench.servers.commonly_written PORT; DATABASE_URL, CLIENT_ID and CLIENT_SECRET in the environment
"""

import os
import secrets
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from bench.servers.lifeline import end_with_parent

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=10)
new_session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()
basic = HTTPBasic()


class Model(DeclarativeBase):
    """What SQLAlchemy maps to a table."""


class User(Model):
    """A client's creator."""

    __tablename__ = "common_users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]


class WorkPlatform(Model):
    """A work platform."""

    __tablename__ = "common_work_platforms"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    logo_url: Mapped[str]


class Account(Model):
    """A creator's account on a work platform."""

    __tablename__ = "common_accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id))
    work_platform_id: Mapped[UUID] = mapped_column(ForeignKey(WorkPlatform.id))
    platform_username: Mapped[str]
    username: Mapped[str]
    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)
    work_platform: Mapped[WorkPlatform] = relationship(lazy="joined", innerjoin=True)


class Audience(Model):
    """The audience of an account."""

    __tablename__ = "common_audiences"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey(Account.id), unique=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    countries: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    cities: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    gender_age_distribution: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)

    @property
    def user(self) -> User:
        """Whose account it is."""
        return self.account.user

    @property
    def work_platform(self) -> WorkPlatform:
        """Where the account is."""
        return self.account.work_platform


class Out(BaseModel):
    """Output models are read from stored objects."""

    model_config = ConfigDict(from_attributes=True)


class UserOut(Out):
    """The user in short."""

    id: UUID
    name: str


class AccountOut(Out):
    """The account in short."""

    id: UUID
    platform_username: str | None
    username: str | None


class WorkPlatformOut(Out):
    """The work platform in short."""

    id: UUID
    name: str
    logo_url: str


class CountryOut(Out):
    """Percent of a country."""

    code: str
    value: float


class CityOut(Out):
    """Percent of a city."""

    name: str
    value: float


class GenderAgeOut(Out):
    """Percent of a gender and range of ages."""

    gender: str
    age_range: str
    value: float


class AudienceOut(Out):
    """An audience as it goes out."""

    id: UUID
    created_at: datetime
    updated_at: datetime
    user: UserOut
    account: AccountOut
    work_platform: WorkPlatformOut
    countries: list[CountryOut]
    cities: list[CityOut]
    gender_age_distribution: list[GenderAgeOut]


def authenticated(credentials: Annotated[HTTPBasicCredentials, Depends(basic)]) -> str:
    """The client that is calling."""
    known = secrets.compare_digest(credentials.username, os.environ["CLIENT_ID"])
    if not (secrets.compare_digest(credentials.password, os.environ["CLIENT_SECRET"]) and known):
        raise HTTPException(401, "Client id or secret is not valid.")
    return credentials.username


async def session() -> AsyncIterator[AsyncSession]:
    """A session for one request."""
    async with new_session() as opened:
        yield opened


@app.get("/x/health")
async def health() -> dict[str, str]:
    """Says that it is up."""
    return {"status": "ok"}


@app.get("/v1/audience", response_model=AudienceOut)
async def get_audience(
    account_id: UUID,
    _client: Annotated[str, Depends(authenticated)],
    opened: Annotated[AsyncSession, Depends(session)],
) -> Audience:
    """One account's audience."""
    found = (await opened.execute(select(Audience).where(Audience.account_id == account_id))).scalar_one_or_none()
    if found is None:
        raise HTTPException(404, "No audience data is stored for this account yet.")
    return found


if __name__ == "__main__":
    end_with_parent()
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
