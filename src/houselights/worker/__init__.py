"""The clock and the queue: leases due rows and hands them to flows."""
