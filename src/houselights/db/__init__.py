"""One door to SQL: connections, statements, batches, migrations, and the PostgreSQL we bring."""
