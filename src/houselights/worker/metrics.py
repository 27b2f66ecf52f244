"""What the worker counts: starts without an end, and lost leases, are the first signs of trouble."""

from prometheus_client import Counter

STARTED = Counter("houselights_queue_started", "Rows leased and started", ["queue"])
ENDED = Counter("houselights_queue_ended", "Runs that ended, by outcome", ["queue", "outcome"])
EXPIRING = Counter("houselights_sessions_expiring", "Warnings that a creator's consent ends soon")
LEASES_LOST = Counter("houselights_queue_leases_lost", "Runs whose late writes were fenced off", ["queue"])
