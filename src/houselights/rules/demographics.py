"""Words for gender and age: the platforms' spellings -> the contract's.

Countries have a file of their own (`rules.countries`).
"""

from houselights.resources.audience import Gender

AGE_RANGES = ("13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65-")
"""Age ranges of the contract; the last one has no upper end."""

_GENDERS = {"f": Gender.FEMALE, "female": Gender.FEMALE, "m": Gender.MALE, "male": Gender.MALE}

_AGES = {age: age for age in AGE_RANGES} | {
    "65+": "65-",
    "45-49": "45-54",
    "50-54": "45-54",
    # On the platform that counts like this, most people of 55 and over are under 65; `65-` would overstate the old.
    "55+": "55-64",
}


def gender(word: str) -> Gender:
    """`F`, `female`, `Male` … -> the contract's gender; anything else (undisclosed, other, new words) -> OTHERS."""
    return _GENDERS.get(word.strip().lower(), Gender.OTHERS)


def age_range(word: str) -> str | None:
    """`18-24`, `age18-24`, `65+`, `45-49` … -> the contract's range; None for a bucket that it does not have."""
    return _AGES.get(word.strip().lower().removeprefix("age"))
