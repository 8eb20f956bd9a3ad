"""A person's browser on a real console: Chromium, web server, worker and sandbox are processes of their own."""
