"""Speak with a Basix phone system: Erlang terms in BERT over its ws_cti websocket."""
