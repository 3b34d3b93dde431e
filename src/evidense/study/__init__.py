"""Studies: compose the verbs into whole runs."""
