"""Options and secrets with which staff say who sends deliveries to a service; any System may take them up."""

from integrations.systems.base import Option, SecretField

PREFIX = "hook_"
SIGNED, SHOWN = ("hmac",), ("token", "certificate")
OWN_WORDS = ("hmac", "token", "basic", "bearer", "certificate", "none")
NEEDS_SECRET = (
    *("github", "standard", "svix", "stripe", "shopify", "slack", "gitlab", "gitlab_signed", "ghost", "meta"),
    *("hmac", "token", "basic", "bearer", "certificate"),
)


def _when(*schemes: str) -> dict[str, tuple[str, ...]]:
    return {"hook_scheme": schemes}


OPTIONS = (
    Option(
        "hook_scheme",
        "Deliveries are verified as",
        kind="choice",
        default="off",
        choices=(
            ("off", "Nothing is received"),
            ("standard", "Standard Webhooks"),
            ("svix", "Svix"),
            ("github", "GitHub (SHA-256)"),
            ("gitlab_signed", "GitLab, signing token"),
            ("gitlab", "GitLab, secret token"),
            ("stripe", "Stripe"),
            ("shopify", "Shopify"),
            ("slack", "Slack"),
            ("ghost", "Ghost"),
            ("meta", "Meta, and others with hub.challenge"),
            ("hmac", "Other signature (HMAC)"),
            ("token", "Secret in a header"),
            ("bearer", "Bearer token"),
            ("basic", "User and password (Basic)"),
            ("certificate", "Client certificate, checked by a proxy"),
            ("none", "Not at all: everybody is believed"),
        ),
        required=True,
        help="How the sender proves that a delivery comes from it.",
    ),
    Option(
        "hook_header",
        "Header",
        help="With the signature, the secret, or the certificate's fingerprint. For example: X-Signature",
        when=_when(*SIGNED, *SHOWN),
    ),
    Option(
        "hook_algorithm",
        "Algorithm",
        kind="choice",
        default="sha256",
        choices=(("sha256", "SHA-256"), ("sha512", "SHA-512"), ("sha1", "SHA-1")),
        required=True,
        when=_when(*SIGNED),
    ),
    Option(
        "hook_encoding",
        "Written in",
        kind="choice",
        default="hex",
        choices=(("hex", "hexadecimal digits"), ("base64", "base64")),
        required=True,
        when=_when(*SIGNED),
    ),
    Option("hook_prefix", "Before the signature", help="If anything. For example: sha256=", when=_when(*SIGNED)),
    Option(
        "hook_template",
        "What is signed",
        default="{body}",
        required=True,
        help="With {body}, {timestamp} and {id} in it. For example: {timestamp}.{body}",
        when=_when(*SIGNED),
    ),
    Option(
        "hook_timestamp_header",
        "Header with the moment",
        help="In seconds since 1970. What is more than 5 minutes off is refused. Empty: no moment is signed.",
        when=_when(*SIGNED),
    ),
    Option("hook_id_header", "Header with the id", help="Of the delivery, if it has one.", when=_when(*OWN_WORDS)),
    Option(
        "hook_id_path",
        "Id in the body",
        kind="json_path",
        help="Where no header has it. Empty: two deliveries are the same where their bodies are.",
    ),
    Option("hook_type_header", "Header with the type", help="What happened, if it says so.", when=_when(*OWN_WORDS)),
    Option("hook_type_path", "Type in the body", kind="json_path", help="Where no header has it."),
    Option("hook_json", "Bodies are JSON", kind="boolean", default=True, help="What is none is refused."),
    Option(
        "hook_syncs",
        "A delivery starts a sync",
        kind="boolean",
        default=False,
        help="Of every stream of this service that is on. Many deliveries in a row start one.",
    ),
)
SECRETS = (
    SecretField(
        "webhook_secret",
        "Webhook secret",
        help="The same as at the sender. For Basic: user and password with a colon between them; "
        "for a client certificate: its fingerprint, as the proxy writes it.",
        overlaps=True,
        when=_when(*NEEDS_SECRET),
    ),
    SecretField(
        "webhook_verify_token",
        "Verify token",
        help="What you enter as such at the sender; it is asked for when the address is registered.",
        when=_when("meta"),
    ),
)
