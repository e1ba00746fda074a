"""A mail server for tests: aiosmtpd, which is not ours. Appends each mail to a file, a line of JSON for each.

    smtp_server.py PORT plain|starttls|smtps CERTIFICATE MAILS
"""

import json
import signal
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

port, mode, certificate, mails = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]


class Mailbox:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        encrypted = server.transport.get_extra_info("ssl_object") is not None
        mail = {
            "encrypted": encrypted,
            "logged_in": bool(session.authenticated),
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.content.decode("utf-8", "replace"),
        }
        with open(mails, "a", encoding="utf-8") as out:
            out.write(json.dumps(mail) + "\n")
        return "250 taken"


def login(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"bob", b"s3cret")
    return AuthResult(success=known, handled=False)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate)
options = {"authenticator": login, "auth_required": True}
if mode == "starttls":
    options.update(tls_context=context, require_starttls=True)
elif mode == "smtps":
    options.update(ssl_context=context, auth_require_tls=False)
else:
    options = {}
controller = Controller(Mailbox(), hostname="127.0.0.1", port=port, **options)
controller.start()
print("ready", flush=True)
ended = threading.Event()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: ended.set())
ended.wait()
controller.stop()
