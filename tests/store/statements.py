"""Collects the package's statements: they are constants of their modules, which `tests/house` checks."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import MappingProxyType
from typing import Any

from msgspec import Struct, structs

import houselights
from houselights.core.statement import Statement


@cache
def collect() -> MappingProxyType[str, Statement[Any]]:
    """`store.refreshes.LEASE` -> the statement, by where it is written."""
    found: dict[str, Statement[Any]] = {}
    seen: set[int] = set()
    for module in sorted(info.name for info in pkgutil.walk_packages(houselights.__path__, "houselights.")):
        if module.endswith("__main__"):
            continue
        for name, constant in vars(importlib.import_module(module)).items():
            for where, value in _within(name, constant):
                if id(value) not in seen:
                    seen.add(id(value))
                    found[f"{module.removeprefix('houselights.')}.{where}"] = value
    return MappingProxyType(found)


def _within(name: str, constant: object) -> Iterator[tuple[str, Statement[Any]]]:
    """A constant that is a statement, or those in the structs of one that is a tuple: `COLUMNS.0.old`."""
    if isinstance(constant, Statement):
        yield name, constant
    elif isinstance(constant, tuple):
        for number, part in enumerate(constant):
            if isinstance(part, Struct):
                for field, value in structs.asdict(part).items():
                    yield from _within(f"{name}.{number}.{field}", value)
