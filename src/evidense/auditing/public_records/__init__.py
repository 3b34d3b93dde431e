"""Public records of a synthesis: the form that others can check: levels, dimensions, tiers and gates, read, computed and counted again."""
