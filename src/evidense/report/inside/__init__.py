"""Inside: the page of a dissection: what changed in the layers, the ledger of claims, and every finding behind them."""
