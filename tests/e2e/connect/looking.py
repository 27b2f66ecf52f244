"""Looks at a screen as a person would: an accessibility scan, every size of window, large text, light and dark.

With HOUSELIGHTS_PICTURES=FOLDER in the environment each screen is kept as a picture, for anyone who wants to look.
"""

import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.e2e.browser import Page

SCAN = """axe.run(document, {resultTypes: ["violations"]}).then(({violations}) =>
    violations.map(({id, nodes}) => `${id}: ${nodes.map((node) => node.html).join()}`))"""
_PICTURES = os.environ.get("HOUSELIGHTS_PICTURES")
_WIDTH = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_SMALL = """[...document.querySelectorAll("button, .primary, .small, .row, .back a, .aside a, input[type=search]")]
    .filter((each) => each.checkVisibility() && !each.disabled)
    .filter((each) => each.getBoundingClientRect().height < 43.9 || each.getBoundingClientRect().width < 43.9)
    .map((each) => each.outerHTML)"""
"""Elements meant to be pressed that are smaller than a finger."""
_BROKEN = r"""(() => {
    const found = [];
    for (const each of document.querySelectorAll(".row, .account, .primary, .small, .badge, .back")) {
        if (!each.checkVisibility()) continue;
        const texts = document.createTreeWalker(each, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const {data} = texts.currentNode;
            for (const {0: word, index} of data.matchAll(/(?<![\p{L}@._])[\p{L}-]{2,14}(?![\p{L}._])/gu)) {
                const range = document.createRange();
                range.setStart(texts.currentNode, index);
                range.setEnd(texts.currentNode, index + word.length);
                if (new Set([...range.getClientRects()].map(({top}) => Math.round(top))).size > 1) found.push(word);
            }
        }
    }
    return found;
})()"""
"""Words (not handles), no longer than a name, that do not fit on a line in a row or a button."""
_COVERED = """[...document.querySelectorAll(".primary, .small, .row, .back a")]
    .filter((each) => each.checkVisibility() && !document.querySelector("dialog[open]"))
    .filter((each) => {
        each.scrollIntoView({block: "center"});
        const {x, y, width, height} = each.getBoundingClientRect();
        return !each.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    })
    .map((each) => each.outerHTML)"""
"""Elements meant to be pressed that are covered by something else, even when scrolled to where they are best seen."""
_SIZES: Mapping[str, tuple[int, int]] = {"desktop": (1280, 900), "phone": (390, 844), "narrow": (320, 640)}


@cache
def axe() -> str:
    """The scanner's script, which `make e2e` installs: only read when a test needs it."""
    return (Path(sys.prefix) / "node" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


async def look(screen: Page, around: Page, name: str) -> None:
    """Scan a screen, and check that it is never wider than its window, at any size; keep pictures if asked to."""
    if await screen.evaluate("typeof axe === 'undefined'"):
        await screen.evaluate(axe())
    for size, (width, height) in _SIZES.items():
        await around.size(width, height)
        for scheme in ("light", "dark"):
            await around.scheme(scheme)
            assert await screen.evaluate(SCAN) == [], f"{name}, {size}, {scheme}"
            if _PICTURES and (size != "narrow" or scheme == "light"):
                await around.picture(Path(_PICTURES) / f"{name}-{size}-{scheme}.png")
        assert await screen.evaluate(_WIDTH) <= 0, f"{name}, {size}"
        assert await screen.evaluate(_SMALL) == [], f"{name}, {size}"
        assert await screen.evaluate(_BROKEN) == [], f"{name}, {size}"
        assert await screen.evaluate(_COVERED) == [], f"{name}, {size}"
    await around.size(*_SIZES["narrow"])
    await screen.evaluate("document.documentElement.style.fontSize = '200%'")
    assert await screen.evaluate(_WIDTH) <= 0, f"{name}, large text"
    assert await screen.evaluate(_BROKEN) == [], f"{name}, large text"
    assert await screen.evaluate(_COVERED) == [], f"{name}, large text"
    if _PICTURES:
        await around.picture(Path(_PICTURES) / f"{name}-narrow-large.png")
    await screen.evaluate("document.documentElement.style.fontSize = ''")
    await around.size(*_SIZES["desktop"])
    await around.scheme("light")
