"""Many looks: one set of queries used several times, and the best of several candidates."""
