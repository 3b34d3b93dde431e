"""Published: the page of a published study's own numbers."""
