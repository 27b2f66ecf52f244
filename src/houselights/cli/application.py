"""Making applications and their secrets, and choosing one: shared by several groups of verbs."""

from msgspec import Struct

from houselights.compose.faces import build_vault
from houselights.compose.foundation import Foundation, new_id
from houselights.core.errors import Duplicate, HouselightsError
from houselights.core.ids import ApplicationId
from houselights.core.secret import Secret
from houselights.resources.applications import CLIENT_SECRETS
from houselights.rules.client_secrets import digest
from houselights.store import applications
from houselights.store.applications import Application, NewSecret
from houselights.store.client_secrets import place


class CannotChoose(HouselightsError):
    """The operator: no application, or more than one, matches what was given."""


class IdTaken(HouselightsError):
    """The operator: a client id belongs to one application."""


class Made(Struct, frozen=True):
    """An application and a secret just made for it: shown once; afterwards only its digest and sealed form exist."""

    application: Application
    secret: Secret

    def shown(self) -> dict[str, str]:
        """What the operator is shown, in order."""
        return {
            "application_id": str(self.application.application_id),
            "name": self.application.name,
            "environment": self.application.environment,
            "client_id": self.application.client_id,
            "client_secret": self.secret.reveal(),
        }


async def make_application(
    base: Foundation, name: str, environment: str, *, client_id: str | None = None, secret: Secret | None = None
) -> Made:
    """A new application; fresh credentials if none are given. Raises IdTaken."""
    made = Application(ApplicationId(new_id()), client_id or str(new_id()), name, environment, "{}", base.clock.now())
    secret = secret or fresh_secret()
    sealed = await sealed_secret(base, made, secret)
    try:
        async with base.database.transaction() as connection:
            await applications.create(connection, made, sealed)
    except Duplicate:
        raise IdTaken("client_id_taken", f"the client id {made.client_id!r} belongs to another application") from None
    return Made(made, secret)


def fresh_secret() -> Secret:
    """A v4 UUID, as clients of the contract expect."""
    return Secret(str(new_id()))


async def sealed_secret(base: Foundation, application: Application, secret: Secret) -> NewSecret:
    """A secret in its two stored forms."""
    application_id, secret_id = application.application_id, new_id()
    credentials = f"{application.client_id}:{secret.reveal()}".encode()
    return NewSecret(
        secret_id,
        digest(base.keys.root.derive(CLIENT_SECRETS), credentials),
        await build_vault(base).seal_text(application_id, secret, place(application_id, secret_id)),
    )


async def chosen_application(base: Foundation, name: str | None) -> Application:
    """The application that a command is about; without a name, the only one there is. Raises CannotChoose."""
    found = await (applications.everyone(base.database) if name is None else applications.named(base.database, name))
    if not found:
        which = "no application yet" if name is None else f"no application has the name or client id {name!r}"
        raise CannotChoose("no_application", f"{which}; create one with `houselights app create NAME`")
    if len(found) > 1:
        which = "there are several applications" if name is None else f"several applications are called {name!r}"
        raise CannotChoose("several_applications", f"{which}; say which by its client id (`houselights app list`)")
    return found[0]
