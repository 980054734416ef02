"""Be a Basix phone system that can be talked to, for tests and for the demo."""
