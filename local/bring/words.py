"""The words by which published files name their columns and lines, without case and accents."""

import re
from enum import StrEnum

from election.model.findings import fold


class Role(StrEnum):
    """What a column holds."""

    PLACE = "place"
    CANDIDATE = "candidate"
    PARTY = "party"
    VOTES = "votes"
    REGISTERED = "registered"
    CONTEST = "contest"
    BLANK = "blank votes"
    INVALID = "invalid votes"
    WRITE_IN = "write-in votes"
    TOTAL = "left out: a total"
    PERCENT = "left out: a percentage or turnout"
    NOT_USED = "not used"
    IGNORE = "ignored, as asked"

    @property
    def option(self) -> str:
        """The option that names a column of this role."""
        return f"--{self.name.lower()}"


# Whole names; the first role that has the name wins.
NAMES = {
    Role.CANDIDATE: "candidate|candidate_id|candidate_name|candidate name|candidates|choice|candidat|kandidat"
    "|candidato",
    Role.PARTY: "party|party_affiliation|party name|parti|partei|partido|partito|affiliation",
    Role.VOTES: "votes|vote|vote count|votecount|candidatevotes|stimmen|voix|votos|voti",
    Role.REGISTERED: "registered|registered voters|registered_voters|registration|electorate|electors|roll"
    "|registered electors|number of electors|eligible|eligible voters|wahlberechtigte|inscrits|censo"
    "|electeurs inscrits",
    Role.CONTEST: "office|contest|race|election|contest name|election name",
    Role.PLACE: "location|place|precinct|precinct name|precinct_name|county|county name|county_name|jurisdiction|ward"
    "|town|municipality|city|borough|state|region|province|constituency|riding|district name|area|locality|parish"
    "|village|polling place|polling station|polling division|station|commune|departement|circonscription|bureau"
    "|arrondissement|gemeinde|ort|bezirk|wahlbezirk|wahlkreis|kreis|municipio|comune|seccion|kommune|kunta|division|subdivision",
    Role.BLANK: "blank|blanks|blank votes|blank ballots|blancs|votes blancs|under votes|undervotes|undervote|under vote"
    "|en blanco|votos en blanco|leer|blank vote",
    Role.INVALID: "invalid|invalid votes|invalid ballots|spoiled|spoilt|spoiled ballots|spoilt votes|rejected"
    "|rejected ballots|rejected votes|informal|informal votes|nuls|votes nuls|null votes|nulos|over votes|overvotes"
    "|overvote|over vote|ungultig|ungultige|ungultige stimmen|void",
    Role.WRITE_IN: "write-in|write-ins|write in|write ins|writein|writeins|write-in votes|scattering|all others",
    Role.TOTAL: "total|totals|total votes|total_votes|totalvotes|votes total|valid|valid votes|total valid votes"
    "|ballots cast|votes cast|total ballots|total ballots cast|ballots|votants|exprimes|abstentions|abstention|sum"
    "|gesamt|summe|gultige|gultige stimmen|wahler|formal votes|majority|margin|grand total",
}
ROLES = {name: role for role, names in NAMES.items() for name in names.split("|")}
PERCENT = re.compile(
    r"%|\b(percent|percentage|pct|turnout|prozent|pourcentage|participation)\b|\b(share|rate)$|^(share|rate) of\b"
)
TOTAL = re.compile(
    r"^(sub)?-?totals?\b|\b(sub)?totals?$|^grand total|^sub-total"
    r"|^(totaux|итого|всего|συνολο|סה\"כ|סהכ|合計|総計|计|總計|합계|المجموع|სულ)\b"
)
ALL_PLACES = re.compile(r"^(gesamt|insgesamt|summe|ensemble|sum|all places)\b")


def role_of(name: str) -> Role | None:
    """What a column of this name holds, as far as the name tells."""
    plain = fold(name).strip(" :.*")
    if role := ROLES.get(plain) or ROLES.get(plain.replace("_", " ")) or ROLES.get(plain.rstrip("0123456789 ")):
        return role
    return Role.PERCENT if PERCENT.search(plain) else None


def is_total(name: str) -> bool:
    return bool(TOTAL.search(fold(name)))


def is_sum_of_places(name: str) -> bool:
    """Whether a place is all of them; a list of candidates may begin with such a word."""
    return is_total(name) or bool(ALL_PLACES.search(fold(name)))
