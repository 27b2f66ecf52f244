"""The dialog of an invented platform: whom it sends back where, and with what. What its page looks like: `consent`."""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from houselights.core.messages import Response
from houselights.port.fakes import consent
from houselights.port.persona import Persona, Trait
from houselights.port.platform import FakeRequest


class Choice(Struct, frozen=True):
    """What a creator decided: who they are, and which of the requested scopes the app may have."""

    persona: Persona
    asked: tuple[str, ...]
    granted: tuple[str, ...]
    redirect_uri: str


class Dialog(Struct, frozen=True):
    """One platform's dialog.

    name            the page's name for itself
    client_id       that of the one app that it knows, shown as `app_name`; `client` is the parameter that carries it
    scopes          what may be asked for, and what each allows
    audience_scope  the scope that a creator who declines the audience never ticks
    denied          what is sent back, with the state, when a creator cancels
    config_id       that of the one configuration that it knows: it asks for every scope, in place of a list
    tail            what is appended to the address that a creator is sent back to, such as `#_`
    """

    name: str
    client_id: str
    app_name: str
    scopes: Mapping[str, str]
    audience_scope: str
    denied: Mapping[str, str]
    separator: str = ","
    tail: str = ""
    client: str = "client_id"
    config_id: str = ""

    def answer(self, request: FakeRequest, people: Sequence[Persona], code: Callable[[Choice], str]) -> Response:
        """The form, or the way back: with a code made by `code`, or with the refusal."""
        query, form = request.query, request.form
        wrong = self._wrong_link(query)
        if wrong is not None:
            return Response(400, consent.HEADERS, consent.refusal_page(self.name, wrong))
        asked = tuple(scope for scope in query.get("scope", "").split(self.separator) if scope)
        if "config_id" in query:
            asked = tuple(self.scopes)
        chosen = next((persona for persona in people if persona.username == form.get("persona")), None)
        if form.get("decision") == consent.CANCEL:
            return self._back(query, self.denied)
        if form.get("decision") != consent.CONTINUE or chosen is None:
            scopes = tuple((scope, self.scopes[scope]) for scope in asked)
            question = consent.Question(self.name, self.app_name, f"?{urlencode(query)}", scopes)
            return Response(200, consent.HEADERS, consent.consent_page(question, people))
        refused = {self.audience_scope} if Trait.AUDIENCE_SCOPE_DECLINED in chosen.traits else set()
        ticked = tuple(scope for scope in asked if f"scope:{scope}" in form and scope not in refused)
        return self._back(query, {"code": code(Choice(chosen, asked, ticked, query["redirect_uri"]))})

    def _wrong_link(self, query: Mapping[str, str]) -> str | None:
        """What is wrong with the dialog's address, as a sentence."""
        if query.get(self.client) != self.client_id:
            return "Invalid app ID: this platform knows one app, and it is not the one that sent you."
        target = urlsplit(query.get("redirect_uri", ""))
        if target.scheme not in ("http", "https") or not target.netloc or target.fragment:
            return "URL blocked: the redirect address is missing or is not a web address."
        if query.get("response_type") != "code":
            return "Unsupported response type: only `code` is answered here."
        if query.get("config_id", self.config_id) != self.config_id:
            return "Invalid configuration: this app has one, and it is not the one that was named."
        asked = query.get("scope", "").split(self.separator)
        unknown = [scope for scope in asked if scope and scope not in self.scopes]
        return f"Invalid scopes: {', '.join(unknown)}." if unknown else None

    def _back(self, query: Mapping[str, str], told: Mapping[str, str]) -> Response:
        """Back to the app, with the state that it sent."""
        state = {"state": query["state"]} if "state" in query else {}
        joint = "&" if "?" in query["redirect_uri"] else "?"
        location = f"{query['redirect_uri']}{joint}{urlencode({**told, **state})}{self.tail}"
        return Response(302, {"location": location, "cache-control": "no-store"}, b"")
