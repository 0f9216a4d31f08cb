"""Checks the signature of a compact JWS with PyJWT and prints its claims: verify_jws.py JWKS_FILE TOKEN."""
import json
import sys

import jwt

jwks_file, token = sys.argv[1:]
with open(jwks_file, encoding="utf-8") as keys:
    key = jwt.PyJWKSet.from_dict(json.load(keys))[jwt.get_unverified_header(token)["kid"]]
# The service's clock in a test is not this machine's.
untimed = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
print(json.dumps(jwt.decode(token, key, algorithms=["EdDSA"], options=untimed)))
