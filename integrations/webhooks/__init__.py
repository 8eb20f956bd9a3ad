"""Inbound deliveries: believed, stored before they are acknowledged, processed once."""
