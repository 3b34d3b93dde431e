"""Gates: whether a system may ship, how often its test queries were used, and whether it was trained on them."""
