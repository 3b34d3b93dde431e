"""The report of a question: the answer, its statements beside their sources, the flow, the works, and the review."""
