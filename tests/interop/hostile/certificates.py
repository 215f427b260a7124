# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of the test's own, and certificates good and bad."""

import pathlib
import subprocess

SETTINGS = """
[ca]
default_ca = one
[one]
dir = {folder}
new_certs_dir = {folder}
database = {folder}/index.txt
serial = {folder}/serial
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """Makes NAME.pem, certificate and key in one file, each signed by ca.pem unless it is said."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.ca = self.folder / "ca.pem"
        self.settings = self.folder / "ca.cnf"
        self.settings.write_text(SETTINGS.format(folder=self.folder))
        (self.folder / "index.txt").write_text("")
        self.key = self.folder / "key.pem"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", self.key)
        openssl("req", "-x509", "-new", "-key", self.key, "-subj", "/CN=Test Authority",
                "-days", 30, "-out", self.ca)

    def issue(self, name, alternatives, start="20200101000000Z", end="20991231235959Z"):
        request, certificate = (self.folder / f"{name}.{ending}" for ending in ("csr", "crt"))
        openssl("req", "-new", "-key", self.key, "-subj", f"/CN={name}",
                "-addext", f"subjectAltName={alternatives}", "-out", request)
        openssl("ca", "-batch", "-notext", "-config", self.settings, "-cert", self.ca,
                "-keyfile", self.key, "-startdate", start, "-enddate", end, "-in", request,
                "-out", certificate)
        return self.join(name, certificate)

    def self_signed(self, name, alternatives):
        certificate = self.folder / f"{name}.crt"
        openssl("req", "-x509", "-new", "-key", self.key, "-subj", f"/CN={name}", "-days", 30,
                "-addext", f"subjectAltName={alternatives}", "-out", certificate)
        return self.join(name, certificate)

    def join(self, name, certificate):
        both = self.folder / f"{name}.pem"
        both.write_text(certificate.read_text() + self.key.read_text())
        return both
