"""The Django project: settings, landing page, health. Knows no external system."""
