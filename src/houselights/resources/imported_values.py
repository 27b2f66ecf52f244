"""What values of another server's records must be to be ours, and why a record cannot be taken."""

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
    """Why a record is not in the database as it stands in its file."""

    UNKNOWN_WORK_PLATFORM = "unknown_work_platform"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_USER = "unknown_user"
    UNKNOWN_ACCOUNT = "unknown_account"
    USER_ELSEWHERE = "user_elsewhere"
    """its user is another application's"""
    ACCOUNT_ELSEWHERE = "account_elsewhere"
    EXTERNAL_ID_TAKEN = "external_id_taken"
    PROFILE_TAKEN = "profile_taken"
    """its user has another account with that profile"""
    ANOTHER_PROFILE = "another_profile"
    """its account has a profile of another id"""
    ANOTHER_AUDIENCE = "another_audience"
    NOT_A_COUNTRY = "not_a_country"
    NOT_A_GENDER = "not_a_gender"
    NOT_AN_AGE_RANGE = "not_an_age_range"
    NOT_A_CONTACT = "not_a_contact"
    """an e-mail address, phone number or postal address of a kind that there is not"""
    NOT_A_NAME = "not_a_name"
    """the name or the external id of a user is empty, or too long"""
    NOT_A_PERCENTAGE = "not_a_percentage"
    NOT_A_WEB_ADDRESS = "not_a_web_address"
    NOT_AN_EVENT = "not_an_event"
    NOT_AN_INSTANT = "not_an_instant"
    DIFFERS = "differs"
    """it is here with other content"""
    CONNECTED_HERE = "connected_here"
    """its account was connected or ended here since, so what is here is the newer one"""


class CannotTake(HouselightsError):
    """The operator: a record that is whole, but says something that we have no place for. code: a `Reason`."""


def country(code: str) -> str:
    """Two upper-case letters."""
    code = code.strip().upper()
    if re.fullmatch("[A-Z]{2}", code) is None:
        raise CannotTake(Reason.NOT_A_COUNTRY, f"a country's code is {code!r}, not two letters")
    return code


def client_text(field: str, text: str) -> str:
    """1 to 100 characters after trimming, as those that clients give."""
    trimmed = text.strip()
    if not 1 <= len(trimmed) <= 100:
        raise CannotTake(Reason.NOT_A_NAME, f"its {field} has {len(trimmed)} characters, not 1 to 100")
    return trimmed


def own_gender(word: str) -> str:
    """Of the creator, who may also leave it unsaid."""
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
    """Both spellings of the third value are one (contract X-01)."""
    try:
        return _GENDERS[word.strip().upper()]
    except KeyError:
        raise CannotTake(Reason.NOT_A_GENDER, f"a gender is {word!r}, none of MALE, FEMALE, OTHER, OTHERS") from None


def percent(value: Decimal) -> Decimal:
    """To the cent, as our own."""
    if not 0 <= value <= 100:
        raise CannotTake(Reason.NOT_A_PERCENTAGE, f"a share is {value} percent, not 0 to 100")
    return value.quantize(_CENT, ROUND_HALF_UP)


def check_contact(kind: str) -> None:
    """Of an e-mail address, a phone number or a postal address."""
    if kind not in _CONTACTS:
        raise CannotTake(Reason.NOT_A_CONTACT, f"a contact is of the type {kind!r}, none of {', '.join(_CONTACTS)}")
