"""Pictures: encoded bytes to pixels and arrays, with hostile files refused."""
