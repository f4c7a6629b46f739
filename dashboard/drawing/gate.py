"""The optional password of the page: DASHBOARD_PASSWORD."""

from __future__ import annotations

import hmac
import threading
import time

import streamlit as st

from election.platform.settings import Settings

OPENED = "opened"
GUESS_SECONDS = 1.0
_one_guess = threading.Lock()


def ask_password(settings: Settings) -> None:
    """Returns for a viewer who knows the password, or when there is none; else asks for it and ends the page."""
    wanted = settings.dashboard_password
    if not wanted or st.session_state.get(OPENED):
        return
    with st.form("gate"):
        typed = st.text_input("Password", type="password", autocomplete="current-password")
        sent = st.form_submit_button("Open")
    if sent:
        if _is(wanted, typed):
            st.session_state[OPENED] = True
            st.rerun()
        st.error("That is not the password.")
    st.stop()


def _is(wanted: str, typed: str) -> bool:
    """One guess at a time, whoever guesses."""
    with _one_guess:
        time.sleep(GUESS_SECONDS)
        return hmac.compare_digest(wanted.encode(), typed.encode())
