"""Encryption of secrets with keys from outside the database."""

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.vault import VaultError, decrypt, encrypt, load_keys

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
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
    with pytest.raises(VaultError, match="opens"):
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
    with pytest.raises(VaultError, match="opens"):
        decrypt(token, KEYS)


def test_a_changed_token_is_refused():
    token = encrypt("secret", KEYS)
    for position in range(0, len(token) - 4, 7):
        changed = (
            token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        )
        with pytest.raises(VaultError):
            decrypt(changed, KEYS)
