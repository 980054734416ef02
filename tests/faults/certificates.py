"""Be an authority whose certificates can be good, and wrong in every way there is."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
import ssl as tls
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_DAY: Final = timedelta(days=1)
_SIGNS: Final = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
HERE: Final = "127.0.0.1"


class Authority:
    """Vouch for servers."""

    def __init__(self, folder: Path) -> None:
        """Make an authority that keeps its files in a folder."""
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("authority")
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 30 * _DAY)
            .not_valid_after(now + 30 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_SIGNS, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        self._file = folder / "authority.pem"
        self._file.write_bytes(certificate.public_bytes(Encoding.PEM))

    @property
    def trusting(self) -> tls.SSLContext:
        """Return the TLS of a client that trusts this authority alone."""
        return tls.create_default_context(cafile=self._file)

    def server(self, *, address: str = HERE, days_left: int = 20) -> tls.SSLContext:
        """Return the TLS of a server at an address; days that are negative are over."""
        until = datetime.now(UTC) + days_left * _DAY
        return self._server(self._key, self._name, address, until)

    def self_made_server(self) -> tls.SSLContext:
        """Return the TLS of a server for which nobody vouches but itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._server(key, _named("itself"), HERE, datetime.now(UTC) + _DAY, own=key)

    def server_of_another(self) -> tls.SSLContext:
        """Return the TLS of a server for which an authority vouches that nobody knows."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._server(key, _named("stranger"), HERE, datetime.now(UTC) + _DAY)

    def _server(
        self,
        signer: ec.EllipticCurvePrivateKey,
        issuer: x509.Name,
        address: str,
        until: datetime,
        *,
        own: ec.EllipticCurvePrivateKey | None = None,
    ) -> tls.SSLContext:
        key = own or ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(issuer if own else _named("server"))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(until - 25 * _DAY)
            .not_valid_after(until)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
            .sign(signer, hashes.SHA256())
        )
        file = self._folder / f"{certificate.serial_number}.pem"
        file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + certificate.public_bytes(Encoding.PEM)
        )
        context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
