"""Studies that train their own systems: their cells, costs and worker processes."""
