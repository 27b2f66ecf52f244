"""The rules as a whole: every number once, each with an expectation, shapes as the served contract has them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import houselights
from houselights.conformance import shapes
from houselights.conformance.chapters import RULES
from houselights.conformance.chapters.platforms import CATALOGUE
from houselights.conformance.chapters.users import PRODUCTS
from houselights.conformance.run import chosen
from houselights.conformance.shapes import Shape
from houselights.resources.work_platforms import WORK_PLATFORMS, Product

OPENAPI = json.loads((Path(houselights.__file__).parent / "api" / "openapi.json").read_bytes())


def test_every_rule_of_the_contract_is_there_once() -> None:
    assert sorted(each.id for each in RULES) == [f"C-{number:03}" for number in range(1, 126)]


def test_every_rule_says_in_one_line_what_it_expects() -> None:
    assert [each.id for each in RULES if not 10 <= len(each.expectation) <= 125] == []
    assert [each.id for each in RULES if each.expectation.endswith(".") or "\n" in each.expectation] == []


def test_rules_are_chosen_by_number_and_pattern() -> None:
    assert [each.id for each in chosen(["C-011", "C-02*"])] == ["C-011", *(f"C-{n:03}" for n in range(20, 30))]
    assert len(chosen([])) == 125


@pytest.mark.parametrize("pattern", ["C-126", "C-9*", "011", "c-011"])
def test_a_pattern_that_names_no_rule_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=re.escape(pattern)):
        chosen(["C-001", pattern])


@pytest.mark.parametrize(
    ("shape", "schema"),
    [
        (shapes.USER, "User"),
        (shapes.WORK_PLATFORM, "WorkPlatform"),
        (shapes.ACCOUNT, "Account"),
        (shapes.PROFILE, "Profile"),
        (shapes.AUDIENCE, "Audience"),
        (shapes.WEBHOOK, "Webhook"),
        (shapes.SDK_TOKEN, "SdkTokenResponse"),
        (shapes.REFRESH, "Refresh"),
        (shapes.METADATA, "Metadata"),
    ],
)
def test_a_shape_is_the_one_of_the_served_contract(shape: Shape, schema: str) -> None:
    _compare(shape, {"$ref": f"#/components/schemas/{schema}"}, schema)


def _compare(shape: Shape, schema: Any, at: str) -> None:
    """The served contract may hold fewer products than the kit knows of; all else is equal, order included."""
    found = _objects(schema)
    properties = list(found["properties"])
    assert [key for key in shape.keys if key in properties] == properties, at
    left = set(shape.keys) - set(properties)
    assert left <= shape.optional, f"{at}: {left}"
    assert set(found.get("required", [])) <= set(shape.keys) - shape.optional, at
    for key, below in shape.keys.items():
        if below is not None and key in properties:
            _compare(below, found["properties"][key], f"{at}.{key}")


def _objects(schema: Any) -> Any:
    """The object behind references, lists and alternatives with null."""
    while "properties" not in schema:
        if "$ref" in schema:
            schema = OPENAPI["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        elif "items" in schema:
            schema = schema["items"]
        else:
            schema = schema["anyOf"][0]
    return schema


def test_the_contract_s_catalogue_and_products_are_among_those_that_we_serve() -> None:
    served = {str(platform.id): platform.name for platform in WORK_PLATFORMS.values()}
    assert CATALOGUE.items() <= served.items()
    assert len(CATALOGUE) == 16
    assert set(PRODUCTS) == {product.value for product in Product}
