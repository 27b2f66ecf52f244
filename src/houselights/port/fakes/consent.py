"""An invented platform's consent page: who are you, what may the app read, continue or cancel.

Plain HTML and CSS, no script, nobody's brand; the page says that it is invented. Its form posts back to
the address it came from: `persona` (a username), one `scope:NAME` per ticked scope, and `decision`.
"""

from collections.abc import Sequence
from html import escape

from msgspec import Struct

from houselights.port.persona import Persona, Trait

CONTINUE, CANCEL = "continue", "cancel"
"""Values of `decision`."""

HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

_FIRST, _LARGE, _MIDDLING = "To begin with", "Large audiences", "Middling audiences"
_SMALL, _SPECIAL = "Small audiences", "When something is different"

_CONSENT_TRAITS = {
    Trait.NO_PAGE: "has no page: connecting fails",
    Trait.NO_PROFESSIONAL_ACCOUNT: "page without a professional account: connecting fails",
    Trait.AUDIENCE_SCOPE_DECLINED: "always declines the audience",
    Trait.SEVERAL_ACCOUNTS: "manages two accounts: pick one afterwards",
    Trait.MANY_PAGES: "manages very many pages",
    Trait.HIDDEN_PAGES: "the list of pages comes empty",
    Trait.FRESH: "no audience yet",
    Trait.JOINT_REFUSED: "gender by age only one by one",
}


class Question(Struct, frozen=True):
    """What a consent asks.

    platform  the page's name for itself
    app       the app that asks, by the platform's name for it
    action    where the form goes, relative to the page
    scopes    name and what it allows, in order
    """

    platform: str
    app: str
    action: str
    scopes: tuple[tuple[str, str], ...]


def consent_page(question: Question, personas: Sequence[Persona]) -> bytes:
    """The page; at first the first persona is chosen and every scope ticked."""
    chosen = personas[0].username if personas else ""
    people = "".join(_group(title, members, chosen) for title, members in _groups(personas))
    scopes = "".join(_scope(name, text) for name, text in question.scopes)
    form = f"""<form method="post" action="{escape(question.action)}">
<section aria-labelledby="who"><h2 id="who">Continue as</h2>
<div class="people" tabindex="0" role="group" aria-labelledby="who">{people}</div></section>
<section aria-labelledby="what"><h2 id="what">{escape(question.app)} asks to</h2>
<ul class="scopes">{scopes}</ul></section>
<footer><button name="decision" value="{CONTINUE}" class="go">Continue</button>
<button name="decision" value="{CANCEL}">Cancel</button></footer>
</form>"""
    return _page(question.platform, f"Connect to {question.app}", form)


def refusal_page(platform: str, sentence: str) -> bytes:
    """What the browser shows when the address itself is wrong, so that nobody can be sent back."""
    back = "Go back to the app that sent you here and start again."
    return _page(
        platform, "This link cannot be used", f'<p class="plain">{escape(sentence)}</p><p class="plain">{back}</p>'
    )


def _groups(personas: Sequence[Persona]) -> list[tuple[str, Sequence[Persona]]]:
    """In list order: the showcase, then by size, special cases last."""
    groups: dict[str, list[Persona]] = {title: [] for title in (_LARGE, _MIDDLING, _SMALL, _SPECIAL)}
    for persona in personas[1:]:
        groups[_group_of(persona)].append(persona)
    return [(title, members) for title, members in ((_FIRST, personas[:1]), *groups.items()) if members]


def _group_of(persona: Persona) -> str:
    if persona.traits & _CONSENT_TRAITS.keys():
        return _SPECIAL
    if persona.follower_count >= 100_000:
        return _LARGE
    return _MIDDLING if persona.follower_count >= 1_000 else _SMALL


def _group(title: str, personas: Sequence[Persona], chosen: str) -> str:
    people = "".join(_person(persona, persona.username == chosen) for persona in personas)
    return f"<fieldset><legend>{title}</legend><div class=grid>{people}</div></fieldset>"


def _person(persona: Persona, is_chosen: bool) -> str:
    notes = [f"{persona.follower_count:,} followers"]
    notes += [_CONSENT_TRAITS[trait] for trait in sorted(persona.traits & _CONSENT_TRAITS.keys())]
    name = persona.full_name or persona.username
    initials = "".join(word[0] for word in name.split()[:2])
    return f"""<label class="person"><input type="radio" name="persona" value="{escape(persona.username)}"
{" checked" if is_chosen else ""} required>
<span class="face" style="--hue:{persona.number * 47 % 360}" aria-hidden="true">{escape(initials)}</span>
<span class="words"><b dir="auto">{escape(name)}</b> <span>@{escape(persona.username)}</span>
<small>{escape(" · ".join(notes))}</small></span></label>"""


def _scope(name: str, text: str) -> str:
    return f"""<li><label><input type="checkbox" name="scope:{escape(name)}" value="granted" checked>
<span>{escape(text)} <code>{escape(name)}</code></span></label></li>"""


def _page(platform: str, title: str, content: str) -> bytes:
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{escape(title)}</title><style>{_CSS}</style></head>
<body><p class="banner"><b>Invented platform, for development.</b> This page stands in for {escape(platform)}.
Nobody on it is real, and nothing you do here reaches a real account.</p>
<main><h1>{escape(title)}</h1>
{content}</main></body></html>
""".encode()


_CSS = """
:root{color-scheme:light dark;--ink:#1c1d22;--soft:#5c6070;--line:#d9dbe3;--card:#fff;--ground:#f2f3f7;--go:#3a4fd0;
--mark:#eef0ff;--warn:#fff4d6;--warnink:#5d4300}
@media(prefers-color-scheme:dark){:root{--ink:#eceef5;--soft:#a6abbd;--line:#363946;--card:#1d1f27;--ground:#121319;
--go:#8b9bff;--mark:#272b45;--warn:#3a3013;--warnink:#ffe3a1}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif}
.banner{margin:0;padding:.65rem 1rem;background:var(--warn);color:var(--warnink);text-align:center;font-size:.9rem}
main{width:min(46rem,calc(100% - 1.5rem));margin:1.5rem auto;
background:var(--card);border:1px solid var(--line);border-radius:16px}
h1{font-size:1.35rem;margin:0;padding:1.25rem 1.5rem .25rem}
h2{font-size:1rem;margin:1rem 1.5rem .5rem}
.plain{padding:0 1.5rem .75rem;margin:.5rem 0}
.people{max-height:24rem;overflow:auto;margin:0 1.5rem;border:1px solid var(--line);border-radius:12px;
padding:.25rem .75rem}
fieldset{border:0;margin:.5rem 0;padding:0}
legend{font-size:.8rem;font-weight:600;color:var(--soft);padding:.25rem 0}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:.35rem}
.person{display:flex;align-items:center;gap:.6rem;padding:.5rem;border:1px solid transparent;border-radius:10px;
cursor:pointer}
.person:hover{background:var(--mark)}
.person:has(:checked){background:var(--mark);border-color:var(--go)}
.face{flex:none;width:2.4rem;height:2.4rem;border-radius:50%;display:grid;place-items:center;font-weight:600;
font-size:.85rem;color:#fff;background:hsl(var(--hue) 45% 38%)}
.words{min-width:0;overflow-wrap:anywhere;line-height:1.3}
.words b,.words span,.words small{display:block;text-align:left}
.words span,.words small{color:var(--soft)}
.scopes{list-style:none;margin:0 1.5rem;padding:0}
.scopes label{display:flex;gap:.6rem;padding:.35rem 0;cursor:pointer}
code{font-size:.8em;color:var(--soft)}
input{accent-color:var(--go);flex:none;margin:.25rem 0 0}
.person input{margin:0}
:focus-visible{outline:3px solid var(--go);outline-offset:2px}
footer{display:flex;gap:.75rem;padding:1.25rem 1.5rem}
button{font:inherit;padding:.6rem 1.4rem;border-radius:10px;border:1px solid var(--line);background:transparent;
color:inherit;cursor:pointer}
.go{background:var(--go);border-color:var(--go);color:var(--card);font-weight:600}
"""
