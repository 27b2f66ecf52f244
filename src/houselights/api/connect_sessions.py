"""Connect sessions: make one, and ask how it goes. An extension of the contract."""

from collections.abc import Sequence
from uuid import UUID

from starlette.routing import Route

from houselights.api.bearers import Bearer, Bearers
from houselights.api.call import Answer, Call, Endpoint
from houselights.api.face import Face
from houselights.api.fields import Fields
from houselights.api.parts import ApiParts
from houselights.core.errors import Refused
from houselights.core.ids import AccountId, ApplicationId, SessionId, UserId, WorkPlatformId
from houselights.resources.connect_sessions import ConnectSession, render, render_new
from houselights.resources.sdk_tokens import SDK_TOKENS
from houselights.resources.work_platforms import WORK_PLATFORMS, read_products
from houselights.rules import connect_address, return_address, sdk_tokens
from houselights.rules.connect_address import SessionKey
from houselights.rules.consent import SESSION_LIFETIME
from houselights.rules.sdk_tokens import Permission
from houselights.store import connect_sessions, read
from houselights.store.connect_sessions import NewSession

_LONGEST_TOKEN = 4096
_NOTHING = Permission(ApplicationId(UUID(int=0)), UserId(UUID(int=0)), ())


def connect_session_routes(parts: ApiParts, face: Face) -> Sequence[Route]:
    """Both paths; an SDK token does in the place of credentials."""
    both, sessions = face.for_callers(Bearers(parts, face.authenticator)), ConnectSessionEndpoints(parts)

    def route(path: str, **endpoints: Endpoint) -> Route:
        return Route(path, both.route(path, public=False, **endpoints))

    return (
        route("/x/connect-sessions", POST=sessions.create),
        route("/x/connect-sessions/{id}", GET=sessions.get),
    )


class ConnectSessionEndpoints:
    """`/x/connect-sessions`."""

    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts
        self._token_key = parts.master_key.derive(SDK_TOKENS)
        self._address_key = parts.master_key.derive(connect_address.PURPOSE)

    async def create(self, call: Call) -> Answer:
        """A session and its address. What it is for comes from an SDK token, or from the body of a trusted caller."""
        fields = await call.fields()
        permission = self._permission(call, fields)
        user_id = UserId(fields.id("user_id")) if permission is None else permission.user_id
        work_platform_id = WorkPlatformId(fields.id("work_platform_id"))
        account_id = fields.id_or_none("account_id")
        redirect_url = _redirect_url(call, fields)
        products = self._products(call, fields, work_platform_id) if permission is None else permission.products
        fields.check()
        await self._check_rows(call, user_id, work_platform_id, account_id)
        if not set(products) & set(self._parts.built.get(work_platform_id, ())):
            raise Refused("product_not_supported")
        now = self._parts.now()
        key = SessionKey(call.application_id, SessionId(self._parts.new_id()))
        asked = NewSession(
            user_id,
            work_platform_id,
            AccountId(account_id) if account_id else None,
            products,
            redirect_url,
            now,
            now + SESSION_LIFETIME,
        )
        await connect_sessions.create(self._parts.database, key, asked)
        url = f"{self._parts.options.public_url}/connect/{connect_address.address(self._address_key, key)}"
        return Answer(201, render_new(key.session_id, url, asked.expires_at))

    async def get(self, call: Call) -> Answer:
        """How it goes, so that a page or a command can wait by asking."""
        session_id = SessionId(call.path_id())
        found = await connect_sessions.find(self._parts.database, SessionKey(call.application_id, session_id))
        caller = call.known_caller
        if found is None or (isinstance(caller, Bearer) and caller.permission.user_id != found.user_id):
            raise Refused("incorrect_connect_session_id")
        standing = found.standing(self._parts.now())
        document = ConnectSession(
            session_id,
            standing.phase,
            standing.reason,
            found.user_id,
            found.work_platform_id,
            found.outcome_account_id,
            found.created_at,
            found.expires_at,
        )
        return Answer(200, render(document))

    def _permission(self, call: Call, fields: Fields) -> Permission | None:
        """What the caller's SDK token permits, or the one in the body; None where a trusted caller sent none."""
        caller = call.known_caller
        if isinstance(caller, Bearer):
            return caller.permission
        token = fields.text_or("sdk_token", "", longest=_LONGEST_TOKEN)
        if not token:
            return None
        try:
            permission = sdk_tokens.read(self._token_key, token, self._parts.now())
        except Refused:
            fields.refuse("sdk_token")
            return _NOTHING
        if permission.application_id != call.application_id:
            fields.refuse("sdk_token")
        return permission

    def _products(self, call: Call, fields: Fields, work_platform_id: UUID) -> Sequence[str]:
        """What the body asks for; else all that is read on the platform."""
        allowed = call.known_caller.settings.products
        built = self._parts.built.get(work_platform_id, ())
        names = fields.texts_or("products", tuple(product for product in allowed if product in built))
        products = read_products(names)
        if products is None or not set(products) <= set(allowed):
            fields.refuse("products")
            return ()
        return products

    async def _check_rows(
        self, call: Call, user_id: UserId, work_platform_id: WorkPlatformId, account_id: UUID | None
    ) -> None:
        """Raises Refused where the user, the platform or the account to connect again is not known."""
        database, application_id = self._parts.database, call.application_id
        if await read.user(database, application_id, user_id) is None:
            raise Refused("incorrect_user_id")
        if work_platform_id not in WORK_PLATFORMS:
            raise Refused("incorrect_work_platform_id")
        if account_id is not None and not await connect_sessions.profile_to_reconnect(
            database, application_id, user_id, work_platform_id, account_id
        ):
            raise Refused("incorrect_account_id")


def _redirect_url(call: Call, fields: Fields) -> str | None:
    """Where the creator goes at the end. A page that holds only a token may not choose freely."""
    url = fields.text_or("redirect_url", "", longest=return_address.LONGEST)
    caller = call.known_caller
    is_fit = not url or return_address.is_fit(url)
    if isinstance(caller, Bearer) and url:
        is_fit = is_fit and return_address.is_listed(url, caller.redirect_urls, sandbox=caller.environment == "sandbox")
    if not is_fit:
        fields.refuse("redirect_url")
    return url or None
