"""Packages of public registries: downloaded by their ordinary clients when asked, checked against their pins, kept unpacked."""
