"""Connect sessions: make one, and ask how it goes. An extension of the contract."""

from collections.abc import Collection, Sequence
from uuid import UUID

from msgspec import Struct
from starlette.routing import Route

from houselights.api.bearers import Bearer, Bearers
from houselights.api.call import Answer, Call, Endpoint
from houselights.api.face import Face
from houselights.api.fields import Fields
from houselights.api.parts import ApiParts
from houselights.core.errors import Refused
from houselights.core.ids import AccountId, ApplicationId, SessionId, UserId, WorkPlatformId, parse_uuid
from houselights.resources.connect_sessions import ConnectSession, render, render_new
from houselights.resources.sdk_tokens import SDK_TOKENS
from houselights.resources.work_platforms import WORK_PLATFORMS, read_products
from houselights.rules import connect_address, return_address, sdk_tokens
from houselights.rules.connect_address import SessionKey
from houselights.rules.consent import SESSION_LIFETIME, Phase
from houselights.rules.sdk_tokens import Permission
from houselights.store import connect_sessions, read
from houselights.store.connect_sessions import NewSession

_LONGEST_TOKEN = 4096
_NOTHING = Permission(ApplicationId(UUID(int=0)), UserId(UUID(int=0)), ())


def connect_session_routes(parts: ApiParts, face: Face) -> Sequence[Route]:
    """Both paths; an SDK token will do instead of credentials."""
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
        self._token_key = parts.root.derive(SDK_TOKENS)
        self._address_key = parts.root.derive(connect_address.PURPOSE)

    async def create(self, call: Call) -> Answer:
        """A session and its address. Its purpose comes from an SDK token, or from the body of a trusted caller."""
        fields = await call.fields()
        permission = self._permission(call, fields)
        user_id = UserId(fields.id("user_id")) if permission is None else permission.user_id
        limits = _limits(fields)
        redirect_url = _redirect_url(call, fields)
        named = self._products(call, fields) if permission is None else permission.products
        single_account = fields.flag_or("single_account", default=True)
        fields.check()
        work_platform_id = await self._checked(call, user_id, limits)
        built = self._built(limits.work_platform_ids or (None if work_platform_id is None else (work_platform_id,)))
        allowed = call.known_caller.settings.products if permission is None else ()
        products = named or tuple(product for product in allowed if product in built)
        if not set(products) & built:
            raise Refused("product_not_supported")
        now = self._parts.now()
        key = SessionKey(call.application_id, SessionId(self._parts.new_id()))
        asked = NewSession(
            user_id=user_id,
            products=products,
            created_at=now,
            expires_at=now + SESSION_LIFETIME,
            work_platform_id=work_platform_id,
            work_platform_ids=limits.work_platform_ids or None,
            account_id=AccountId(limits.account_id) if limits.account_id else None,
            redirect_url=redirect_url,
            single_account=single_account,
        )
        await connect_sessions.create(self._parts.database, key, asked)
        url = f"{self._parts.options.public_url}/connect/{connect_address.address(self._address_key, key)}"
        return Answer(201, render_new(key.session_id, url, asked.expires_at))

    async def get(self, call: Call) -> Answer:
        """How it is going, so that a page or a command can wait by asking."""
        session_id = SessionId(call.path_id())
        found = await connect_sessions.find(self._parts.database, SessionKey(call.application_id, session_id))
        caller = call.known_caller
        if found is None or (isinstance(caller, Bearer) and caller.permission.user_id != found.user_id):
            raise Refused("incorrect_connect_session_id")
        standing = found.standing(self._parts.now())
        connected = tuple(AccountId(account_id) for account_id in dict.fromkeys(found.connected))
        document = ConnectSession(
            session_id,
            Phase.CONNECTED if connected else standing.phase,
            standing.reason,
            found.user_id,
            found.work_platform_id,
            connected[0] if connected else None,
            connected,
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

    def _built(self, work_platform_ids: Collection[UUID] | None) -> frozenset[str]:
        """What this deployment reads on these platforms; None: on any."""
        built = self._parts.built
        read = built.values() if work_platform_ids is None else [built.get(each, ()) for each in work_platform_ids]
        return frozenset(product for products in read for product in products)

    def _products(self, call: Call, fields: Fields) -> Sequence[str]:
        """What the body asks for; () for everything that is read."""
        allowed = call.known_caller.settings.products
        products = read_products(fields.texts_or("products", ()))
        if products is None or not set(products) <= set(allowed):
            fields.refuse("products")
            return ()
        return products

    async def _checked(self, call: Call, user_id: UserId, limits: "_Limits") -> WorkPlatformId | None:
        """The one platform that the session is limited to, perhaps by its account; None if there is none.

        raises  Refused where the user, a platform or the account to connect again is not known
        """
        database, application_id = self._parts.database, call.application_id
        if await read.user(database, application_id, user_id) is None:
            raise Refused("incorrect_user_id")
        asked = limits.work_platform_id
        named = limits.work_platform_ids or (() if asked is None else (asked,))
        if not WORK_PLATFORMS.keys() >= set(named):
            raise Refused("incorrect_work_platform_id")
        if limits.account_id is None:
            return asked
        its = await connect_sessions.platform_of(database, application_id, user_id, limits.account_id)
        if its is None or asked not in (None, its):
            raise Refused("incorrect_account_id")
        return its


class _Limits(Struct, frozen=True):
    """What a session is limited to. work_platform_ids: () where the creator chooses among all, or has no choice."""

    work_platform_id: WorkPlatformId | None
    work_platform_ids: tuple[UUID, ...]
    account_id: UUID | None


def _limits(fields: Fields) -> _Limits:
    """One platform, several to choose from, or an account; several together with either of the others are refused."""
    one = fields.id_or_none("work_platform_id")
    several = [parse_uuid(text) for text in fields.texts_or("work_platform_ids", ())]
    account_id = fields.id_or_none("account_id")
    platforms = tuple(each for each in several if each is not None)
    if len(platforms) < len(several) or (several and (one is not None or account_id is not None)):
        fields.refuse("work_platform_ids")
    elif len(platforms) == 1:
        return _Limits(WorkPlatformId(platforms[0]), (), None)
    return _Limits(None if one is None else WorkPlatformId(one), platforms, account_id)


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
