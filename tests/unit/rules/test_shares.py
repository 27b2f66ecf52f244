"""Counts -> percent, on the numbers that the rules name and at their edges."""

from decimal import Decimal

import pytest

from houselights.resources.audience import Gender
from houselights.rules.shares import product, shares, told


def test_each_list_is_divided_by_its_own_sum() -> None:
    assert list(shares([("US", 5), ("ES", 3), ("GB", 1)]).items()) == [
        ("US", Decimal("55.56")),
        ("ES", Decimal("33.33")),
        ("GB", Decimal("11.11")),
    ]


def test_exactly_half_a_hundredth_is_rounded_up() -> None:
    assert shares([("a", 1), ("b", 799)])["a"] == Decimal("0.13")  # 0.125
    assert shares([("a", 3), ("b", 797)])["a"] == Decimal("0.38")  # 0.375


def test_rounding_never_passes_through_a_decimal_of_limited_length() -> None:
    half, whole = 10**36, 2 * 10**40
    assert shares([("a", half), ("b", whole - half)])["a"] == Decimal("0.01")
    assert "a" not in shares([("a", half - 1), ("b", whole - half + 1)])


def test_rows_that_are_zero_or_round_to_zero_are_dropped() -> None:
    assert list(shares([("a", 99_999), ("b", 0), ("c", 4)])) == ["a"]
    assert list(shares([("a", 19_999), ("b", 1)])) == ["a", "b"]


def test_rows_of_one_key_are_added_before_they_are_rounded() -> None:
    assert shares([("45-54", 1), ("18-24", 798), ("45-54", 1)])["45-54"] == Decimal("0.25")


def test_an_unknown_row_counts_in_the_sum_but_is_not_listed() -> None:
    assert shares([("GB", 50), (None, 50)]) == {"GB": Decimal("50.00")}


def test_equal_values_are_ordered_by_key() -> None:
    assert list(shares([("b", 1), ("a", 1), ("c", 2)])) == ["c", "a", "b"]
    assert list(shares([("z", 100_001), ("y", 100_000)])) == ["y", "z"]  # both 50.00


def test_sums_are_not_repaired_to_a_hundred() -> None:
    assert sum(shares([("a", 1), ("b", 1), ("c", 1)]).values()) == Decimal("99.99")


def test_nobody_counted_is_an_empty_list() -> None:
    assert shares([]) == {}
    assert shares([("a", 0), (None, 0)]) == {}


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        shares([("a", -1)])


def test_the_product_of_marginals_scales_each_to_one_first() -> None:
    genders = [(Gender.FEMALE, 6123), (Gender.MALE, 3714), (Gender.OTHERS, 163)]
    ages = [("18-24", 3812), ("25-34", 5765), ("55-64", 423)]
    estimate = product(genders, ages)
    assert estimate[Gender.FEMALE, "18-24"] == Decimal("23.34")
    assert estimate[Gender.MALE, "55-64"] == Decimal("1.57")
    assert next(iter(estimate)) == (Gender.FEMALE, "25-34")


def test_the_marginals_come_back_out_of_their_product() -> None:
    estimate = product([("F", 3), ("M", 1)], [("18-24", 1), ("25-34", 1)])
    assert sum(value for (gender, _), value in estimate.items() if gender == "F") == Decimal(75)


def test_the_product_with_an_empty_marginal_is_empty() -> None:
    assert product([], [("18-24", 1)]) == {}
    assert product([("F", 1)], [(None, 1)]) == {}


def test_parts_that_the_platform_reckoned_are_never_scaled_to_a_whole() -> None:
    parts = told([("US", 0.4417), ("GB", 0.1385), (None, 0.2456), ("DE", 0.0214)])
    assert parts == {"US": Decimal("44.17"), "GB": Decimal("13.85"), "DE": Decimal("2.14")}


def test_parts_are_taken_as_written_and_rounded_half_up_once() -> None:
    assert told([("a", 0.00125)]) == {"a": Decimal("0.13")}  # 0.1249999… in binary
    assert told([("45-54", 0.058), ("45-54", 0.047)]) == {"45-54": Decimal("10.50")}
    assert told([("a", 18.9), ("b", 0.004)], whole=100) == {"a": Decimal("18.90")}


def test_a_product_takes_parts_as_well_as_counts() -> None:
    assert product([("F", 0.3), ("M", 0.1)], [("18-24", 1)]) == {
        ("F", "18-24"): Decimal("75.00"),
        ("M", "18-24"): Decimal("25.00"),
    }


def test_a_negative_part_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        told([(None, -0.1)])
