"""The catalogue of work platforms: the contract's rows, and those that only we have."""

from uuid import UUID

from houselights.resources.work_platforms import CATALOGUE, WORK_PLATFORMS, catalogue

OURS = [row for row in WORK_PLATFORMS if row not in CATALOGUE]


def test_every_deployment_serves_the_rows_of_the_contract_in_one_order() -> None:
    plain = catalogue({})
    assert [row.id for row in plain] == list(CATALOGUE)
    assert len(plain) == 16
    everything = catalogue(dict.fromkeys(WORK_PLATFORMS, ("IDENTITY",)))
    assert [row.id for row in everything[:16]] == list(CATALOGUE)
    assert len({row.name for row in everything}) == len({row.id for row in everything}) == len(everything)


def test_a_row_of_ours_is_served_after_them_where_its_platform_is_built() -> None:
    assert OURS
    for row in OURS:
        served = catalogue({row: ("IDENTITY",)})
        assert served[-1].id == row
        assert served[-1].products.identity.is_supported
        assert served[-1].created_at > served[0].created_at
        assert len(served) == 17


def test_ids_of_ours_are_random_ones_of_version_4() -> None:
    assert [row.version for row in OURS] == [4] * len(OURS)
    assert UUID("7c30e66a-9f28-48f1-bf1c-1e7781067e03") in OURS
