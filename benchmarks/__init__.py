"""Measure how fast the integration is, against what nobody can be faster than."""

# Before anything else may find the package of the same name that the test tools bring.
import custom_components.ws_cti as _  # noqa: F401 - the order is what it is for
