"""Published probe: the probe of the published study, drawn, fitted and run as it was there."""
