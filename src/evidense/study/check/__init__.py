"""Check: statements beside works → what each comes to, as records and as a page."""
