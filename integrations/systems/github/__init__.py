"""GitHub: files of a repository read and written, its webhooks, and what is left of its rate limit."""

from integrations.systems.auth import Bearer
from integrations.systems.base import Option, SecretField, StreamSpec, System

SYSTEM = System(
    slug="github",
    label="GitHub",
    docs_url="https://docs.github.com/en/rest",
    base_url="https://api.github.com",
    headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
    options=(
        Option("repository", "Repository", default="", help="Owner and name: octo-org/essays. Empty: webhooks alone."),
        Option(
            "branch",
            "Branch",
            default="",
            suggest="list_branches",
            help="Empty: the default branch of the repository.",
        ),
        Option("path", "Folder", default="", help="Files in it and below it are read. Empty: the whole repository."),
        Option(
            "pattern",
            "Pattern",
            default="*.md",
            required=True,
            help="Of the file's name; with a “/” in it, of the path below the folder. “*” stands for anything.",
        ),
    ),
    secrets=(
        SecretField(
            "token", "Access token", help="Sent as a bearer token. Without one GitHub allows 60 calls an hour."
        ),
        SecretField(
            "webhook_secret",
            "Webhook secret",
            help="The same as in the settings of the webhook at GitHub.",
            overlaps=True,
        ),
    ),
    auth=Bearer("token"),
    streams=(
        StreamSpec("files", "Files", model="Essay"),
        StreamSpec("records", "Files as records", model="Record", optional=True),
    ),
    receives_webhooks=True,
)
