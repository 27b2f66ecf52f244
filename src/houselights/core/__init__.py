"""The few words everyone uses: ids, instants, messages, errors, events, secrets, SQL as a value. Pure."""
