"""An OAuth 1.0a server with a protected API, built with Authlib and Flask
(Debian: python3-authlib, python3-flask).

Authlib verifies the signatures, from the raw request. HMAC-SHA256, which Authlib does not
support, is computed here over Authlib's base string. The first line of output is the server's URL.

Environment: OAUTH1_KEY, OAUTH1_SECRET and OAUTH1_PUBLIC_KEY (PEM) of the only client.
"""

import base64
import hashlib
import hmac
import html
import os

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # on loopback only, see below

from authlib.integrations.flask_oauth1 import (
    AuthorizationServer, ResourceProtector, create_exists_nonce_func, register_nonce_hooks, register_temporary_credential_hooks,
)
from authlib.oauth1 import ClientMixin, TokenCredentialMixin
from authlib.oauth1.rfc5849.base_server import BaseServer
from authlib.oauth1.rfc5849.errors import OAuth1Error
from authlib.oauth1.rfc5849.signature import generate_signature_base_string
from authlib.oauth1.rfc5849.util import escape
from flask import Flask, jsonify, request
from werkzeug.serving import make_server

app = Flask(__name__)
app.config["OAUTH1_SUPPORTED_SIGNATURE_METHODS"] = ["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"]


class Client(ClientMixin):
    def get_client_secret(self):
        return os.environ["OAUTH1_SECRET"]

    def get_rsa_public_key(self):
        return os.environ["OAUTH1_PUBLIC_KEY"]


class User:
    def get_user_id(self):
        return 9007199254740993  # not exact as a float


class Token(TokenCredentialMixin):
    def __init__(self, token, secret, user):
        self.token, self.secret, self.user = token, secret, user

    def get_oauth_token(self):
        return self.token

    def get_oauth_token_secret(self):
        return self.secret


class Memory(dict):
    """The cache that Authlib's hooks require."""

    def set(self, key, value, timeout=None):
        self[key] = value

    def has(self, key):
        return key in self

    def delete(self, key):
        self.pop(key, None)


memory, tokens = Memory(), {}


def query_client(key):
    return Client() if key == os.environ["OAUTH1_KEY"] else None


def create_token(token, temporary):
    made = Token(token["oauth_token"], token["oauth_token_secret"], temporary.get_user_id())
    tokens[made.token] = made
    return made


def verify_hmac_sha256(r):
    key = escape(r.client_secret or "") + "&" + escape(r.token_secret or "")
    mac = hmac.new(key.encode(), generate_signature_base_string(r).encode(), hashlib.sha256)
    return hmac.compare_digest(base64.b64encode(mac.digest()).decode(), r.signature)


BaseServer.register_signature_method("HMAC-SHA256", verify_hmac_sha256)
server = AuthorizationServer(app, query_client=query_client)
register_nonce_hooks(server, memory)
register_temporary_credential_hooks(server, memory)
server.register_hook("create_token_credential", create_token)
protector = ResourceProtector(
    app, query_client=query_client, query_token=lambda client, token: tokens.get(token), exists_nonce=create_exists_nonce_func(memory, "api:"),
)


@app.post("/request_token")
def request_token():
    return server.create_temporary_credentials_response()


@app.get("/authorize")
def ask():
    try:
        token = server.check_authorization_request().token
    except OAuth1Error as e:
        return str(e.error), 400
    return f"""<!doctype html><title>Allow access?</title><h1>Allow access?</h1>
<form method="post" action="/authorize"><input type="hidden" name="oauth_token" value="{html.escape(token)}">
<button type="submit" name="decision" value="allow">Allow</button><button type="submit" name="decision" value="deny">Deny</button></form>"""


@app.post("/authorize")
def decide():
    try:
        return server.create_authorization_response(grant_user=User() if request.form.get("decision") == "allow" else None)
    except OAuth1Error as e:
        return str(e.error), 400


@app.post("/access_token")
def access_token():
    return server.create_token_response()


@app.route("/api/<path:path>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def api(path):
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    try:
        token = protector.validate_request(
            request.method, request.host_url.rstrip("/") + request.environ["REQUEST_URI"], request.get_data(as_text=True) if is_form else None, request.headers,
        ).credential
    except OAuth1Error as e:
        return jsonify(error=e.error), 401
    return jsonify(
        id=token.user, name="Zoë Ünal", email="zoe@example.com", method=request.method, path=path,
        query=list(request.args.items(multi=True)), form=list(request.form.items(multi=True)), body="" if is_form else request.get_data(as_text=True),
    )


if __name__ == "__main__":
    listening = make_server("127.0.0.1", 0, app, threaded=True)
    print(f"http://127.0.0.1:{listening.server_port}", flush=True)
    listening.serve_forever()
