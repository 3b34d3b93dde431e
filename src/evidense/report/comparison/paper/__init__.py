"""Paper: what a researcher takes from the page of a comparison into a paper: tables and figures."""
