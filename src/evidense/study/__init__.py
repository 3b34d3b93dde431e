"""Study: what composes the verbs."""
