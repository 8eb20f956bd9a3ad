"""The makes of databases the transport can read, each with its driver, its guards and its errors."""
