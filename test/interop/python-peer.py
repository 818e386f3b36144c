"""Mints and checks JWTs with PyJWT or python-jose: one JSON object a line in, one out.

in:  {"do": "mint", "claims": {…}, "headers": {…}, "key": "…", "algorithm": "HS256"}
     {"do": "check", "token": "…", "key": "…", "algorithms": ["HS256"], "audience": "…", "issuer": "…"}
     `key_base64` in place of `key` for bytes.
out: {"token": "…"} or {"claims": {…}}; {"refused": "<class>"} for an error of the library's own family;
     {"crashed": "<class>"} for any other.
"""

import base64
import json
import sys

if sys.argv[1] == "jwt":
    import jwt
    from jwt.exceptions import PyJWTError as Refusal
else:
    from jose import jwt
    from jose.exceptions import JOSEError as Refusal


def key_of(request):
    if "key_base64" in request:
        return base64.b64decode(request["key_base64"])
    return request["key"]


def mint(request):
    token = jwt.encode(
        request["claims"], key_of(request), algorithm=request["algorithm"], headers=request.get("headers")
    )
    # PyJWT 1 answered bytes.
    return {"token": token if isinstance(token, str) else token.decode()}


def check(request):
    claims = jwt.decode(
        request["token"],
        key_of(request),
        algorithms=request["algorithms"],
        audience=request.get("audience"),
        issuer=request.get("issuer"),
    )
    return {"claims": claims}


for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"mint": mint, "check": check}[request["do"]](request)
    except Refusal as error:
        answer = {"refused": type(error).__name__}
    except Exception as error:
        answer = {"crashed": type(error).__name__}
    print(json.dumps(answer), flush=True)
