"""What the invented platform says about a creator and their followers.

Source: https://business-api.tiktok.com/portal/docs (TikTok Accounts, read 2026-11-23).
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from houselights.port.persona import Persona, Trait
from houselights.resources.audience import Gender

K = TypeVar("K", bound=Hashable)

_THRESHOLD = 100
_GENDERS = {Gender.FEMALE: "Female", Gender.MALE: "Male", Gender.OTHERS: "Other"}
_AGES = {"18-24": "18-24", "25-34": "25-34", "35-44": "35-44", "45-54": "45-54", "55-64": "55+", "65-": "55+"}
"""The contract's age range -> the platform's, which has nobody under 18."""

SCOPE_OF = {
    "display_name": "user.info.basic",
    "profile_image": "user.info.basic",
    "username": "user.info.username",
    "profile_deep_link": "user.info.profile",
    "bio_description": "user.info.profile",
    "is_verified": "user.info.profile",
    "followers_count": "user.info.stats",
    "following_count": "user.info.stats",
    "total_likes": "user.info.stats",
    "videos_count": "user.info.stats",
    "is_business_account": "user.account.type",
    "audience_countries": "user.insights",
    "audience_cities": "user.insights",
    "audience_ages": "user.insights",
    "audience_genders": "user.insights",
}
"""Every field of `/business/get/`, and the scope that it needs."""

DISPLAY_SCOPE_OF = {
    "open_id": "user.info.basic",
    "union_id": "user.info.basic",
    "avatar_url": "user.info.basic",
    "display_name": "user.info.basic",
    "username": "user.info.profile",
    "bio_description": "user.info.profile",
    "profile_deep_link": "user.info.profile",
    "is_verified": "user.info.profile",
    "follower_count": "user.info.stats",
    "following_count": "user.info.stats",
    "likes_count": "user.info.stats",
    "video_count": "user.info.stats",
}
"""Every field of Login Kit's `/user/info/`."""


def account(persona: Persona, fields: Sequence[str]) -> Mapping[str, object]:
    """The fields of `/business/get/` that were asked for."""
    values = {
        "display_name": persona.full_name,
        "profile_image": persona.picture_url or "",
        "username": persona.username,
        "profile_deep_link": f"https://vm.tiktok.example/Z{persona.number}/",
        "bio_description": persona.biography or "",
        "is_verified": persona.follower_count >= 1_000_000,
        "is_business_account": persona.website is not None,
        "followers_count": persona.follower_count,
        "following_count": persona.following_count,
        "total_likes": persona.follower_count * 24,
        "videos_count": persona.content_count,
        **_audience(persona),
    }
    return {field: values[field] for field in fields if field in values}


def user(persona: Persona, open_id: str, fields: Sequence[str]) -> Mapping[str, object]:
    """The fields of Login Kit's `/user/info/` that were asked for."""
    values = {
        "open_id": open_id,
        "union_id": f"c9c60f44-0000-4000-8000-{persona.number:012d}",
        "avatar_url": persona.picture_url or "",
        "display_name": persona.full_name,
        "username": persona.username,
        "bio_description": persona.biography or "",
        "profile_deep_link": f"https://vm.tiktok.example/Z{persona.number}/",
        "is_verified": persona.follower_count >= 1_000_000,
        "follower_count": persona.follower_count,
        "following_count": persona.following_count,
        "likes_count": persona.follower_count * 24,
        "video_count": persona.content_count,
    }
    return {field: values[field] for field in fields}


def _audience(persona: Persona) -> Mapping[str, object]:
    """The audience. Below the threshold its lists are empty, or their keys are missing: both happen."""
    if persona.follower_count < _THRESHOLD or Trait.FRESH in persona.traits:
        names = [name for name in SCOPE_OF if name.startswith("audience_")]
        return {} if persona.number % 2 else {name: [] for name in names}
    told = persona.audience
    genders: dict[str, int] = {}
    ages: dict[str, int] = {}
    for (gender, age), people in told.gender_age.items():
        genders[_GENDERS[gender]] = genders.get(_GENDERS[gender], 0) + people
        if age in _AGES:
            ages[_AGES[age]] = ages.get(_AGES[age], 0) + people
    city = "city" if Trait.OLDER_SHAPES in persona.traits else "city_name"
    countries = {"UK" if code == "GB" else code: people for code, people in told.countries.items()}
    return {
        "audience_countries": [{"country": key, "percentage": part} for key, part in _fractions(countries)],
        "audience_cities": [{city: key, "percentage": part} for key, part in _fractions(told.cities)],
        "audience_ages": [{"age": key, "percentage": part} for key, part in _fractions(ages)],
        "audience_genders": [{"gender": key, "percentage": part} for key, part in _fractions(genders)],
    }


def _fractions(counts: Mapping[K, int]) -> list[tuple[K, float]]:
    """Fractions of everybody, with four decimals, rounded half up; a part of 0 is not listed."""
    whole = sum(counts.values())
    parts = ((key, (people * 20_000 + whole) // (2 * whole)) for key, people in counts.items())
    return [(key, part / 10_000) for key, part in sorted(parts, key=lambda row: -row[1]) if part]
