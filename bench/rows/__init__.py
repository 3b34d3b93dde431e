"""One job a file; each is run in a process of its own (`python -m bench.child NAME`)."""
