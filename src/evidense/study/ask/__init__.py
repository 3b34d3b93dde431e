"""Ask: a question → a search, works read, findings checked, a review, and a report."""
