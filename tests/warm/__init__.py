"""Commands that start warm: forked from a process that has everything imported."""
