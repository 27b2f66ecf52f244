"""Loads the variants in turn, and once more if something other than the server was the limit."""

from collections.abc import Sequence

from bench.children import generate
from bench.cpus import Cpus
from bench.plan import Plan
from bench.progress import elapsed_s, say
from bench.variants import Variant
from bench.windows import Job, Window

_STEP = 37_813
"""How far a variant moves on in its requests each time, so as not to reuse pages cached by the window before."""


class Load:
    """up: port and pid of the servers that variants name."""

    def __init__(self, plan: Plan, cpus: Cpus, postgres: int) -> None:
        self._plan = plan
        self._cpus = cpus
        self._postgres = postgres
        self._offset = 0
        self.up: dict[str, tuple[int, int]] = {}

    async def rounds(self, compared: Sequence[Variant]) -> dict[str, list[Window]]:
        """All variants in turn, as often as planned. Windows by variant. Raises Broken."""
        rounds: dict[str, list[Window]] = {variant.row.key: [] for variant in compared}
        for number in range(1, self._plan.rounds + 1):
            for variant in compared:
                window = await self._window_that_counts(variant)
                rounds[variant.row.key].append(window)
                say(f"round {number}  {variant.row.key:<7}{window.rate:>9,.0f}/s  server {window.server_busy:.2f} busy")
        return rounds

    async def window(self, variant: Variant) -> Window:
        """One window. Raises Broken."""
        port, pid = self.up[variant.server]
        self._offset += _STEP
        job = Job(
            port=port,
            connections=variant.row.kind.connections,
            requests=str(variant.requests.path),
            length=variant.requests.length,
            offset=self._offset,
            warm_up_s=self._plan.warm_up_s,
            window_s=self._plan.window_s,
            server=pid,
            postgres=self._postgres,
            cpu=self._cpus.server,
        )
        return await generate(job, self._cpus.load)

    async def _window_that_counts(self, variant: Variant) -> Window:
        """A window that is not void or, failing that, of those tried the one with the busiest server."""
        window = await self.window(variant)
        for _ in range(self._plan.repeats if variant.row.is_compared else 0):
            if not window.is_void or elapsed_s() > self._plan.patience_s:
                break
            window = max(window, await self.window(variant), key=lambda each: each.server_busy)
        return window
