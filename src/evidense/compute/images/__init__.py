"""Images: the towers that turn pictures into vectors, alone or beside texts."""
