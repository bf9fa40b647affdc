"""Portillon's rules and parts: what it decides, what it stores, and the JSON door."""
