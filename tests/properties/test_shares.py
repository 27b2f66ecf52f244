"""What always holds of percentages."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from houselights.rules.shares import product, shares
from tests.invented import percent

KEYS = st.sampled_from("abcdefghij")
COUNTS = st.integers(min_value=0, max_value=10**12)
ROWS = st.lists(st.tuples(KEYS | st.none(), COUNTS))
WHOLE_ROWS = st.dictionaries(KEYS, COUNTS.filter(bool), min_size=1)


@given(WHOLE_ROWS)
def test_shares_are_the_counts_divided_by_their_sum(counts: dict[str, int]) -> None:
    assert list(shares(counts.items()).items()) == percent(counts)


@given(ROWS)
def test_a_share_has_two_decimals_and_lies_above_zero_and_up_to_a_hundred(rows: list[tuple[str | None, int]]) -> None:
    for value in shares(rows).values():
        assert 0 < value <= 100
        assert value == value.quantize(Decimal("0.01"))


@given(ROWS)
def test_the_order_of_rows_does_not_matter(rows: list[tuple[str | None, int]]) -> None:
    shuffled = sorted(rows, key=lambda row: (row[1], str(row[0])))
    assert list(shares(rows).items()) == list(shares(shuffled).items())


@given(WHOLE_ROWS, st.integers(min_value=2, max_value=1_000))
def test_shares_do_not_change_when_everybody_comes_with_friends(counts: dict[str, int], times: int) -> None:
    assert shares(counts.items()) == shares((key, count * times) for key, count in counts.items())


@given(ROWS)
def test_splitting_a_row_changes_nothing(rows: list[tuple[str | None, int]]) -> None:
    halves = [(key, part) for key, count in rows for part in (count // 2, count - count // 2)]
    assert shares(halves) == shares(rows)


@given(WHOLE_ROWS, WHOLE_ROWS)
def test_the_marginals_of_a_product_are_the_shares_within_rounding(left: dict[str, int], right: dict[str, int]) -> None:
    joint = product(left.items(), right.items())
    for key, value in shares(left.items()).items():
        summed = sum((share for (a, _), share in joint.items() if a == key), Decimal())
        assert abs(summed - value) <= Decimal("0.005") * (len(right) + 1)
