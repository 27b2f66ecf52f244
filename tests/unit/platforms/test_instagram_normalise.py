"""Instagram: raw replies -> resources, where they are odd."""

import json

import pytest

from houselights.compose.platforms import find_platforms
from houselights.core.errors import PlatformChanged
from houselights.port.platform import UnfitReplyError
from houselights.resources.audience import AudienceFacts, NoAudience, Quality

INSTAGRAM = find_platforms()["instagram"]


def table(keys: list[str], rows: list[tuple[list[str], object]], metric: str = "follower_demographics") -> bytes:
    """An insights reply."""
    results = [{"dimension_values": values, "value": people} for values, people in rows]
    breakdowns = [{"dimension_keys": keys, "results": results}]
    return json.dumps({"data": [{"name": metric, "total_value": {"breakdowns": breakdowns}}]}).encode()


def facts(*replies: bytes) -> AudienceFacts:
    """What they become."""
    found = INSTAGRAM.normalise_audience(replies)
    assert isinstance(found, AudienceFacts)
    return found


def test_a_country_that_is_none_counts_in_the_whole_and_is_flagged() -> None:
    found = facts(table(["country"], [(["GB"], 3), (["ZZ"], 1)]))
    assert [(share.code, float(share.value)) for share in found.countries or ()] == [("GB", 75.0)]
    assert Quality.UNKNOWN_SHARE in found.quality


def test_two_spellings_of_a_country_are_one_row() -> None:
    found = facts(table(["country"], [(["GB"], 1), (["UK"], 1), (["FR"], 2)]))
    assert [(share.code, float(share.value)) for share in found.countries or ()] == [("FR", 50.0), ("GB", 50.0)]
    assert Quality.UNKNOWN_SHARE not in found.quality


def test_a_city_is_trimmed_and_otherwise_untouched() -> None:
    found = facts(table(["city"], [([" São Paulo, São Paulo (state) "], 2), (["\u0000"], 1), (["  "], 1)]))
    assert [(share.name, float(share.value)) for share in found.cities or ()] == [
        ("São Paulo, São Paulo (state)", 50.0)
    ]
    assert Quality.UNKNOWN_SHARE in found.quality


def test_a_new_letter_of_gender_is_counted_as_others_and_flagged() -> None:
    found = facts(table(["age", "gender"], [(["18-24", "F"], 1), (["18-24", "N"], 1)]))
    assert [share.gender.value for share in found.gender_age_distribution or ()] == ["FEMALE", "OTHERS"]
    assert Quality.UNKNOWN_SHARE in found.quality


def test_an_unknown_age_counts_in_the_whole_and_is_flagged() -> None:
    found = facts(table(["gender", "age"], [(["F", "18-24"], 1), (["F", "unknown"], 3)]))
    assert [float(share.value) for share in found.gender_age_distribution or ()] == [25.0]
    assert Quality.UNKNOWN_SHARE in found.quality


def test_undisclosed_gender_without_a_single_person_is_not_flagged() -> None:
    found = facts(table(["gender", "age"], [(["F", "18-24"], 1), (["U", "18-24"], 0)]))
    assert Quality.UNKNOWN_SHARE not in found.quality


@pytest.mark.parametrize(("rows", "is_truncated"), [(44, False), (45, True)])
def test_a_full_list_is_said_to_be_cut(rows: int, *, is_truncated: bool) -> None:
    found = facts(table(["city"], [([f"City {number}"], 1) for number in range(rows)]))
    assert (Quality.TRUNCATED in found.quality) == is_truncated


def test_marginals_that_lie_beside_the_joint_table_are_not_needed() -> None:
    joint = table(["age", "gender"], [(["18-24", "F"], 1)])
    found = facts(table(["age"], [(["25-34"], 1)]), joint, table(["gender"], [(["M"], 1)]))
    assert [share.age_range for share in found.gender_age_distribution or ()] == ["18-24"]
    assert Quality.ESTIMATED_GENDER_AGE not in found.quality


def test_one_marginal_alone_makes_no_table() -> None:
    found = facts(table(["country"], [(["GB"], 1)]), table(["age"], [(["25-34"], 1)]))
    assert found.gender_age_distribution is None
    assert Quality.PARTIAL in found.quality


def test_the_followers_of_a_profile_beside_it_explain_an_empty_audience() -> None:
    empty = b'{"data":[]}'
    assert INSTAGRAM.normalise_audience([empty]) == NoAudience("EMPTY")
    small = json.dumps({"id": 1, "username": "a", "followers_count": 99}).encode()
    assert INSTAGRAM.normalise_audience([empty, small]) == NoAudience("BELOW_THRESHOLD")


def test_a_refused_scope_explains_an_absent_audience() -> None:
    refusal = b'{"error":{"message":"m","type":"t","code":10}}'
    assert INSTAGRAM.normalise_audience([refusal]) == NoAudience("NOT_GRANTED")


@pytest.mark.parametrize(
    ("reply", "place"),
    [
        (table(["country"], [(["GB"], -1)]), "].value"),
        (table(["country"], [(["GB"], "many")]), "].value"),
        (table(["country"], [(["GB", "FR"], 1)]), "results[0].dimension_values"),
        (table(["planet"], [(["Earth"], 1)]), "dimension_keys"),
        (table(["country"], [(["GB"], 1)], metric="reach"), "$.data[0].name"),
        (b'{"error":{"message":"m","type":"t","code":190}}', "$.error"),
        (b'{"id":1}', "$.username"),
    ],
)
def test_an_unfit_reply_is_named_with_its_place(reply: bytes, place: str) -> None:
    good = table(["city"], [(["Porto"], 1)])
    with pytest.raises(UnfitReplyError) as caught:
        INSTAGRAM.normalise_audience([good, reply])
    assert caught.value.reply == 1
    assert place in str(caught.value)
    assert isinstance(caught.value, PlatformChanged)


def test_two_replies_about_one_dimension_are_refused_rather_than_one_chosen() -> None:
    with pytest.raises(UnfitReplyError) as caught:
        INSTAGRAM.normalise_audience([table(["age", "gender"], [(["18-24", "F"], 1)])] * 2)
    assert (caught.value.reply, str(caught.value)) == (1, "a second reply about `age,gender`")


def test_replies_of_two_accounts_are_refused() -> None:
    with pytest.raises(UnfitReplyError) as caught:
        INSTAGRAM.normalise_profile([b'{"id":1,"username":"a"}', b'{"id":2,"username":"b"}'])
    assert caught.value.reply == 1


def test_what_a_profile_does_not_say_is_null_and_zero_is_zero() -> None:
    facts = INSTAGRAM.normalise_profile([b'{"id":"17841400000000009007199254740993","username":"a","media_count":0}'])
    assert facts.platform_profile_id == "17841400000000009007199254740993"
    assert facts.reputation.content_count == 0
    assert facts.reputation.follower_count is None
    assert (facts.introduction, facts.is_verified, facts.category, facts.country) == (None,) * 4
    assert facts.is_business is True


def test_what_a_database_would_refuse_is_taken_out_of_a_text() -> None:
    facts = INSTAGRAM.normalise_profile([b'{"id":1,"username":"a","biography":"tea\\u0000 time"}'])
    assert facts.introduction == "tea time"


@pytest.mark.parametrize(("word", "kind"), [("BUSINESS", "BUSINESS"), ("MEDIA_CREATOR", "CREATOR"), ("NEW", None)])
def test_the_account_type_is_told_where_the_reply_has_it(word: str, kind: str | None) -> None:
    body = {"id": "9", "user_id": "17", "username": "a", "account_type": word}
    assert INSTAGRAM.normalise_profile([json.dumps(body).encode()]).platform_account_type == kind
