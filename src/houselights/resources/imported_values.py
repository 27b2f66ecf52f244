"""Which values another server's records must have to be taken over, and why a record cannot be."""

import re
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from houselights.core.errors import HouselightsError
from houselights.resources.audience import Gender

_CENT = Decimal("0.01")
_AGE_RANGE = re.compile(r"\d{1,3}-(\d{1,3})?", re.ASCII)
_CONTACTS = ("HOME", "WORK", "OTHER")
_OWN_GENDERS = ("MALE", "FEMALE", "OTHER", "UNSPECIFIED")
_GENDERS = {"FEMALE": Gender.FEMALE, "MALE": Gender.MALE, "OTHER": Gender.OTHERS, "OTHERS": Gender.OTHERS}


class Reason(StrEnum):
    """Why a record is not in the database as it is in its file."""

    UNKNOWN_WORK_PLATFORM = "unknown_work_platform"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_USER = "unknown_user"
    UNKNOWN_ACCOUNT = "unknown_account"
    USER_ELSEWHERE = "user_elsewhere"
    """its user belongs to another application"""
    ACCOUNT_ELSEWHERE = "account_elsewhere"
    EXTERNAL_ID_TAKEN = "external_id_taken"
    PROFILE_TAKEN = "profile_taken"
    """its user has another account with the same profile"""
    ANOTHER_PROFILE = "another_profile"
    """its account has a profile with another id"""
    ANOTHER_AUDIENCE = "another_audience"
    NOT_A_COUNTRY = "not_a_country"
    NOT_A_GENDER = "not_a_gender"
    NOT_AN_AGE_RANGE = "not_an_age_range"
    NOT_A_CONTACT = "not_a_contact"
    """an e-mail address, phone number or postal address of a kind that does not exist"""
    NOT_A_NAME = "not_a_name"
    """the name or the external id of a user is empty, or too long"""
    NOT_A_PERCENTAGE = "not_a_percentage"
    NOT_A_WEB_ADDRESS = "not_a_web_address"
    NOT_AN_EVENT = "not_an_event"
    NOT_AN_INSTANT = "not_an_instant"
    DIFFERS = "differs"
    """it is here with other content"""
    CONNECTED_HERE = "connected_here"
    """its account has since been connected or disconnected here, so what is here is newer"""


class CannotTake(HouselightsError):
    """The operator: a record that is intact, but says something that we cannot store. code: a `Reason`."""


def country(code: str) -> str:
    """Two upper-case letters."""
    code = code.strip().upper()
    if re.fullmatch("[A-Z]{2}", code) is None:
        raise CannotTake(Reason.NOT_A_COUNTRY, f"a country's code is {code!r}, not two letters")
    return code


def client_text(field: str, text: str) -> str:
    """1 to 100 characters after trimming, as for names and ids that clients send."""
    trimmed = text.strip()
    if not 1 <= len(trimmed) <= 100:
        raise CannotTake(Reason.NOT_A_NAME, f"its {field} has {len(trimmed)} characters, not 1 to 100")
    return trimmed


def own_gender(word: str) -> str:
    """The creator's own gender, which may also be undisclosed."""
    read = word.strip().upper()
    if read not in _OWN_GENDERS:
        raise CannotTake(Reason.NOT_A_GENDER, f"its gender is {word!r}, none of {', '.join(_OWN_GENDERS)}")
    return read


def age_range(text: str) -> str:
    """`25-34`, or `65-` for an open end."""
    if _AGE_RANGE.fullmatch(text) is None:
        raise CannotTake(Reason.NOT_AN_AGE_RANGE, f"an age range is {text!r}, not like 25-34 or 65-")
    return text


def gender(word: str) -> Gender:
    """Both spellings of the third value are the same (contract X-01)."""
    try:
        return _GENDERS[word.strip().upper()]
    except KeyError:
        raise CannotTake(Reason.NOT_A_GENDER, f"a gender is {word!r}, none of MALE, FEMALE, OTHER, OTHERS") from None


def percent(value: Decimal) -> Decimal:
    """With two decimals, like ours."""
    if not 0 <= value <= 100:
        raise CannotTake(Reason.NOT_A_PERCENTAGE, f"a share is {value} percent, not 0 to 100")
    return value.quantize(_CENT, ROUND_HALF_UP)


def check_contact(kind: str) -> None:
    """kind: that of an e-mail address, a phone number or a postal address. Raises CannotTake."""
    if kind not in _CONTACTS:
        raise CannotTake(Reason.NOT_A_CONTACT, f"a contact is of the type {kind!r}, none of {', '.join(_CONTACTS)}")
