"""houselights: a self-hosted creator-data API."""
