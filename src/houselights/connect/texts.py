"""Every sentence that a creator reads, apart from the pages' frames. Plain words: what, why, for how long, what to do.

`{app}` is the client application's name, `{platform}` the platform's.
"""

from collections.abc import Mapping

from msgspec import Struct

from houselights.resources.work_platforms import Product
from houselights.rules.consent import Outcome


class Reading(Struct, frozen=True):
    """What a product means to the creator whose data it is."""

    title: str
    means: str


class Problem(Struct, frozen=True):
    """Why an attempt ended without an account, and what to do.

    code       for programs and for whoever is asked for help
    can_retry  trying again with this address can help
    """

    code: str
    title: str
    happened: str
    remedy: str
    can_retry: bool = True


READINGS: Mapping[str, Reading] = {
    Product.IDENTITY: Reading(
        "Your profile",
        "Name, handle, picture, biography, link, and how many followers and posts you have.",
    ),
    Product.IDENTITY_AUDIENCE: Reading(
        "Your audience, in totals",
        "Which countries and cities your followers live in, their age and gender, in percent. Never a single person.",
    ),
    Product.ENGAGEMENT: Reading(
        "Your posts and how they do",
        "What you have published, with likes, comments and views.",
    ),
    Product.ENGAGEMENT_AUDIENCE: Reading(
        "The audience of your posts, in totals",
        "Where the people live who see your posts, their age and gender, in percent. Never a single person.",
    ),
    Product.INCOME: Reading("Your income", "What {platform} pays you, and when."),
    Product.ACTIVITY: Reading("Your activity", "What you listen to and watch on {platform}."),
    Product.PUBLISH_CONTENT: Reading("Publishing", "Posting on {platform} what you have asked {app} to post."),
}

_UNTICKED = (
    "On {platform}'s page leave every permission ticked, and pick the account that you want to connect: each "
    "permission stands for a part of what {app} asked for."
)

_OUTCOMES = (
    Problem(
        Outcome.USER_DENIED,
        "You did not give access",
        "{platform} told us that the request was turned down. Nothing was connected and nothing was read.",
        "If that was not what you meant, try again and choose to continue on {platform}'s page.",
    ),
    Problem(
        Outcome.INADEQUATE_PERMISSIONS,
        "A permission is missing",
        "Access was given, but without a permission that reading your profile needs. Nothing was connected.",
        _UNTICKED,
    ),
    Problem(
        Outcome.NO_LINKED_PAGE,
        "We found no Facebook Page",
        "{platform} shows the data of an account through the Facebook Page that it is linked to, and none was shared.",
        "Link your account to a Page that you manage (in the app: Edit profile, Page), then try again and tick that "
        "Page when you are asked which ones to share.",
    ),
    Problem(
        Outcome.NO_PROFESSIONAL_ACCOUNT,
        "We found no professional account",
        "Only Business and Creator accounts that are linked to a Facebook Page can be read. The Pages that you shared "
        "have none.",
        "Switch to a professional account (in the app: Settings, Account type), link it to your Page, then try again.",
    ),
    Problem(
        Outcome.NO_CHANNEL,
        "We found no channel",
        "The login that you used has no channel on {platform}.",
        "Try again and choose the login that your channel belongs to.",
    ),
    Problem(
        Outcome.SESSION_MISMATCH,
        "That was another account",
        "This link connects one certain account of yours again, and the login that you used does not reach it. "
        "Nothing was changed.",
        "Log out on {platform} or switch the account there, then try again.",
    ),
    Problem(
        Outcome.STATE_INVALID,
        "This attempt is over",
        "It took too long, was used already, or was begun in another browser. Nothing was connected.",
        "Begin again, and stay in this browser until the end.",
    ),
    Problem(
        Outcome.PLATFORM_UNAVAILABLE,
        "{platform} does not answer",
        "We could not reach {platform}, or it could not tell us about your account. Nothing was connected.",
        "Wait a minute, then try again.",
    ),
    Problem(
        Outcome.PLATFORM_RATE_LIMITED,
        "{platform} asks us to wait",
        "Too many requests were made there in a short time. Nothing was connected.",
        "Try again in a quarter of an hour; if this link has ended by then, ask {app} for a new one.",
    ),
    Problem(
        Outcome.INTERNAL_ERROR,
        "Something went wrong on our side",
        "It is not your fault, and nothing was connected.",
        "Try again. If it happens once more, tell {app} the code below.",
    ),
)

PROBLEMS: Mapping[str, Problem] = {problem.code: problem for problem in _OUTCOMES}
"""What is said of an attempt that failed, by its outcome."""

UNKNOWN = Problem(
    "NOT_FOUND",
    "This link does not work",
    "It may have been copied without its end, or it is not one of ours.",
    "Go back to where you got it and ask for a new one.",
    can_retry=False,
)

EXPIRED = Problem(
    "TOKEN_EXPIRED",
    "This link has ended",
    "For your safety a link works for a short time only. Nothing was connected.",
    "Go back to {app} and ask for a new one.",
    can_retry=False,
)

NOT_HERE = Problem(
    Outcome.PLATFORM_UNAVAILABLE,
    "{platform} cannot be connected here",
    "This service does not speak to {platform} at the moment.",
    "Tell {app}, and try again later.",
    can_retry=False,
)

STRAY = Problem(
    Outcome.STATE_INVALID,
    "This attempt cannot be continued",
    "What came back does not belong to an attempt that was begun in this browser, so we did nothing with it.",
    "Go back to where you came from and begin again, in one browser and with cookies allowed.",
    can_retry=False,
)

NO_COOKIE = Problem(
    Outcome.STATE_INVALID,
    "Your browser sent no cookie",
    "We keep one small cookie until you are done, to know that it is you who comes back. It did not arrive.",
    "Allow cookies for this page, then try again.",
)

BUSY = Problem(
    "NOT_AVAILABLE",
    "Not available right now",
    "We cannot keep anything at the moment, so we stopped before we did.",
    "Reload this page in a minute.",
    can_retry=False,
)

BROKEN = Problem(
    Outcome.INTERNAL_ERROR,
    "Something went wrong on our side",
    "It is not your fault.",
    "Go back to where you came from and begin again. If it happens once more, tell them the reference below.",
    can_retry=False,
)
