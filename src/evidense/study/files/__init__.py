"""Study files: the TOML of a study, its form and its templates."""
