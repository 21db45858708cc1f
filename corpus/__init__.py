"""What a report is: reading, normalising with exact offsets, sentences. Knows nothing of labels."""
