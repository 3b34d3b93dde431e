"""`make bench`: each job of the speed table, a peer and Evidense in one run on the same input, one thread each."""
