"""Collects the package's statements: they are constants of their modules, which `tests/house` checks."""

import importlib
import pkgutil
from functools import cache
from types import MappingProxyType
from typing import Any

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
        for name, value in vars(importlib.import_module(module)).items():
            if isinstance(value, Statement) and id(value) not in seen:
                seen.add(id(value))
                found[f"{module.removeprefix('houselights.')}.{name}"] = value
    return MappingProxyType(found)
