"""Encryption of secrets with keys from outside the database."""

import base64
import hashlib
import re

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.vault import (
    VaultError,
    decrypt,
    encrypt,
    key_id_of,
    load_keys,
    reencrypt,
)

OLD, NEW, THIRD = (Fernet.generate_key().decode() for _key in range(3))
KEYS = load_keys(NEW)


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_a_secret_comes_back(plain):
    token = encrypt(plain, KEYS)
    assert decrypt(token, KEYS) == plain
    assert token.isascii() and (len(plain) < 3 or plain not in token)


def test_the_same_secret_has_a_new_token_each_time():
    assert encrypt("whsec_x", KEYS) != encrypt("whsec_x", KEYS)


def test_the_first_key_encrypts_and_all_decrypt():
    token = encrypt("secret", load_keys(OLD))
    both = load_keys(f" {NEW} ,{OLD},")
    assert decrypt(token, both) == "secret"
    assert decrypt(encrypt("secret", both), KEYS) == "secret"
    with pytest.raises(VaultError, match="is needed"):
        decrypt(token, KEYS)


@pytest.mark.parametrize("text", [None, "", False, " , "])
def test_without_a_key_nothing_is_encrypted(text):
    assert load_keys(text) == []
    with pytest.raises(VaultError, match="not set"):
        encrypt("secret", load_keys(text))
    with pytest.raises(VaultError, match="not set"):
        decrypt("token", load_keys(text))


@pytest.mark.parametrize("text", ["short", NEW[:-2], f"{NEW},password", "é" * 44, NEW + NEW])
def test_a_bad_key_is_named_by_its_variable_only(text):
    with pytest.raises(VaultError, match="CONSTRUCTION_SYNC_SECRET_KEY") as caught:
        load_keys(text)
    assert "password" not in str(caught.value) and NEW[:10] not in str(caught.value)


@given(st.none() | st.text() | st.binary())
def test_any_other_token_is_a_vault_error(token):
    with pytest.raises(VaultError, match="without id"):
        decrypt(token, KEYS)
    assert key_id_of(token) is None


@given(st.text(st.characters(categories=("L", "N", "P")), max_size=40))
def test_any_other_token_under_a_known_key_is_a_vault_error(token):
    with pytest.raises(VaultError):
        decrypt(f"{KEYS[0].id}:{token}", KEYS)


def test_a_changed_token_is_refused():
    token = encrypt("secret", KEYS)
    for position in range(0, len(token) - 4, 7):
        changed = (
            token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        )
        with pytest.raises(VaultError):
            decrypt(changed, KEYS)


def test_the_key_id_is_public_stable_and_says_nothing_of_the_key():
    (key,) = load_keys(OLD)
    assert key_id_of(encrypt("secret", [key])) == key.id == load_keys(OLD)[0].id
    assert re.fullmatch("[0-9a-f]{8}", key.id)
    assert key.id not in base64.urlsafe_b64decode(OLD).hex()
    assert key.id not in hashlib.sha256(base64.urlsafe_b64decode(OLD)).hexdigest()
    assert OLD[:8] not in repr(key) and "Fernet" not in repr(key)
    # known value: a key id that changed would orphan every stored secret
    assert load_keys(base64.urlsafe_b64encode(bytes(range(32))).decode())[0].id == "79275b14"


def test_a_missing_key_is_named_by_its_id():
    token = encrypt("secret", load_keys(OLD))
    with pytest.raises(VaultError, match=load_keys(OLD)[0].id) as caught:
        decrypt(token, KEYS)
    assert "secret" not in str(caught.value).replace("CONSTRUCTION_SYNC_SECRET_KEY", "")


@given(st.lists(st.sampled_from([OLD, NEW, THIRD]), min_size=1, max_size=3, unique=True), st.text())
def test_rotation_keeps_the_secret_and_forgets_the_old_key(order, plain):
    plain = plain.encode(errors="ignore").decode()
    everyone = load_keys(f"{NEW},{OLD},{THIRD}")
    keys = load_keys(",".join(order))
    for key in everyone:
        stored = encrypt(plain, [key])
        if key.id not in {k.id for k in keys}:
            with pytest.raises(VaultError, match=key.id):
                reencrypt(stored, keys)
            continue
        fresh = reencrypt(stored, keys)
        assert (fresh == stored) == (key.id == keys[0].id)
        assert key_id_of(fresh) == keys[0].id
        assert decrypt(fresh, keys[:1]) == plain


def test_a_damaged_secret_is_not_rotated():
    token = encrypt("secret", load_keys(OLD))
    with pytest.raises(VaultError, match="damaged"):
        reencrypt(token[:-6] + "AAAAA=", load_keys(f"{NEW},{OLD}"))
