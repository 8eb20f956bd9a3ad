"""How deliveries prove where they come from: small functions over raw bytes, in constant time."""

from integrations.webhooks.schemes.base import Scheme
from integrations.webhooks.schemes.shared import Basic, Bearer, ClientCertificate, Token, Unverified
from integrations.webhooks.schemes.signed import Signed

__all__ = ["Basic", "Bearer", "ClientCertificate", "Scheme", "Signed", "Token", "Unverified"]
