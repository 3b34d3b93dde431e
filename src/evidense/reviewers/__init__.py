"""Reviewers: one part a file; each looks at one dimension of a synthesis through one lens."""
