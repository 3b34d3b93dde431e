"""Search: from a question to screened works."""
