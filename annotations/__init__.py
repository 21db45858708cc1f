"""What may be said of a report: schema, store, tags, markup and scorer. Knows nothing of models."""
