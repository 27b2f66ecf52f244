"""Rules that this kit cannot check: those that need the server's own tests, and those of scope B."""

from houselights.conformance.rule import elsewhere

_OWN = "needs the server's own tests"
_SCOPE_B = "scope B: engagement and publishing are not in this kit"

C_083 = elsewhere("C-083", "A pending refresh survives a server restart", f"{_OWN}: it restarts the server")
C_105 = elsewhere("C-105", "250 changed contents make notifications of at most 100 items", _SCOPE_B)
C_107 = elsewhere(
    "C-107",
    "Attempts are 60, 300 and 21600 s apart, four in all, the same id and body each time",
    f"{_OWN}: it moves the clock by hours",
)
C_108 = elsewhere(
    "C-108",
    "After the fourth failure is_active is false and nothing is sent until a PUT",
    f"{_OWN}: it moves the clock by hours",
)
C_111 = elsewhere("C-111", "Pending deliveries and retries survive a server restart", f"{_OWN}: it restarts the server")
C_113 = elsewhere(
    "C-113",
    "A target that resolves to a loopback or private address is refused unless allowed",
    f"{_OWN}: what is allowed, and what was not sent, is seen on the server alone",
)
C_114 = elsewhere("C-114", "Contents without account_id: 400 MISSING_FIELDS; filters is ignored", _SCOPE_B)
C_115 = elsewhere("C-115", "The engagement object has all 21 keys in order", _SCOPE_B)
C_116 = elsewhere("C-116", "Search takes 1 to 100 ids and keeps the request's order", _SCOPE_B)
C_117 = elsewhere("C-117", "search, refresh and fetch-historic of contents accept XML", _SCOPE_B)
C_118 = elsewhere("C-118", "Comments need both ids; GET and POST give equal bodies", _SCOPE_B)
C_119 = elsewhere("C-119", "contents/refresh: cases as C-070 to C-078 with CONTENTS events", _SCOPE_B)
C_120 = elsewhere("C-120", "fetch-historic: 202 echo; data_available_from moves back", _SCOPE_B)
C_121 = elsewhere("C-121", "publish: 202; status by id; three events carry publish_id", _SCOPE_B)
