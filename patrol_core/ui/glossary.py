"""The page Glossary: a search over all terms; the address ``?term=`` opens one."""

from __future__ import annotations

import streamlit as st

from patrol_core.words import BY_KEY, TERMS, Term, plural, search

SEARCH = "_glossary_search"


def take_term() -> None:
    """Search for the term that the address asks for; call it before anything else writes the address."""
    asked = BY_KEY.get(st.query_params.get("term", ""))
    if asked is not None:
        st.session_state[SEARCH] = asked.name


def glossary() -> None:
    """Draw the search and the terms it finds, in order of the alphabet."""
    text = st.text_input("Search", key=SEARCH, placeholder="a word, such as fairness", max_chars=100)
    found = search(text)
    if not found:
        st.info("No term has these words. Empty the field to see all.", icon=":material/search_off:")
        return
    st.caption(
        f"{plural(len(found), 'term')} of {len(TERMS)}" if text.strip() else plural(len(found), "term")
    )
    for term in found:
        _entry(term)


def _entry(term: Term) -> None:
    with st.container(key=f"term-{term.key}"):
        said = f"**{term.name[:1].upper()}{term.name[1:]}**. {term.meaning} {term.example}".rstrip()
        source = f" Source: {term.source}." if term.source else ""
        st.markdown(
            f"{said}  \n:small[Shown on: {term.where}.{source} [Link to this term](?term={term.key})]"
        )
