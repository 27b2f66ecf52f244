"""Writes the contract as JSON next to the contract as YAML: `make docs`, or `python -m tests.house.contract_json`.

Both are in the tree, so that none of our processes needs a YAML parser; a test fails if they differ.
"""

import json

import yaml

from tests.house.tree import PACKAGE

WRITTEN = PACKAGE / "api" / "openapi.yaml"
MADE = PACKAGE / "api" / "openapi.json"


def as_json() -> str:
    """The contract, its keys in the order in which they are written."""
    return json.dumps(yaml.safe_load(WRITTEN.read_text(encoding="utf-8")), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file again."""
    MADE.write_text(as_json(), encoding="utf-8")


if __name__ == "__main__":
    main()
