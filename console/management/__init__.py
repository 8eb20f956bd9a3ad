"""The command line of the project itself."""
