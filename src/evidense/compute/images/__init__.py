"""Image encoders: towers for pictures, alone or together with texts."""
