"""A mail server of Debian (python3-aiosmtpd) that writes what it takes into a folder, and refuses what the folder's file `answers` says.

Its first line of output is its port. Each line of `answers` is the answer to one receiver, and of `data_answers` to one message; an empty one
takes it.
"""

import asyncio
import base64
import email
import email.policy
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

FOLDER = sys.argv[1]


def next_answer(name):
    path = os.path.join(FOLDER, name)
    if not os.path.exists(path):
        return ""
    with open(path) as file:
        answers = file.read().splitlines()
    with open(path, "w") as file:
        file.write("\n".join(answers[1:]))
    return answers[0] if answers else ""


class Handler:
    taken = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = next_answer("answers")
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = next_answer("data_answers")
        if answer:
            return answer
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        leaves = [part for part in message.walk() if not part.is_multipart()]
        parts = {part.get_content_type(): part.get_content() for part in leaves if not part.is_attachment()}
        files = {
            part.get_filename(): {
                "type": part.get_content_type(),
                "content": base64.b64encode(part.get_payload(decode=True)).decode(),
            }
            for part in leaves
            if part.is_attachment()
        }
        mail = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "parts": parts, "headers": dict(message.items())}
        mail["files"] = files
        mail["source"] = envelope.content.decode()
        Handler.taken += 1
        path = os.path.join(FOLDER, f"mail-{Handler.taken}.json")
        with open(path + ".new", "w") as file:
            json.dump(mail, file)
        os.rename(path + ".new", path)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    right = data.login == b"milepost" and data.password == b"p@ss word"
    # Not handled: the server answers 235 or 535 itself.
    return AuthResult(success=right, handled=False, auth_data=data.login if right else None)


def smtp():
    """With a certificate as further arguments it takes mails after STARTTLS and a login only."""
    if len(sys.argv) < 4:
        return SMTP(Handler())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    return SMTP(Handler(), tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True)


async def main():
    server = await asyncio.get_running_loop().create_server(smtp, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
