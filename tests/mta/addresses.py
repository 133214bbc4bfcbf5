"""Addresses: the forms that they have, and odd ones.

An address is written here as it stands in SMTP. Postfix logs it with as few quotes as there can
be (`info_log_address_format = external`), or without any (`internal`, and before 3.5).
"""

import re

SPECIALS = set('()<>@,;:\\".[]')


def split(address):
    """Local part and domain; an @ may stand in a quoted local part."""
    local, _, domain = address.rpartition("@")
    return local, domain


def plain(local):
    """A local part without its quotes."""
    if not (len(local) > 1 and local[0] == local[-1] == '"'):
        return local
    out, chars = "", iter(local[1:-1])
    for c in chars:
        out += next(chars) if c == "\\" else c
    return out


def quoted(local):
    """A local part with quotes where it needs them (Postfix: quote_822_local.c)."""
    if local and all(part and not any(c in SPECIALS or c <= " " or c == "\x7f" for c in part)
                     for part in local.split(".")):
        return local
    return '"' + "".join("\\" + c if c in '\\"' else c for c in local) + '"'


def external(address):
    local, domain = split(address)
    return f"{quoted(plain(local))}@{domain}" if "@" in address else address


def internal(address):
    local, domain = split(address)
    return f"{plain(local)}@{domain}" if "@" in address else address


def has_tail(text):
    """Does it hold what may be the end of an address, and more of a delivery line behind it?"""
    return re.search(r">, (orig_to=<.*|relay=.*, delay=.*, status=)", text) is not None


WHOLE = "relay=none, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"

# local parts; `:` at the end: with a reply that refuses (a row's local part and a tag)
ODD = [
    '"john doe"', '" blank first"', '"blank last "', '"two  blanks"', '"a,b"', '"a, b"',
    '"q\\"uote"', '"back\\\\slash"', '"needless"', '"need\\ful"', '"less<than"', '"more>than"',
    '"a@b"', '"<a@b>"', '"semi;colon"', '"co:lon"', '"(comment)"', '"[192.0.2.1]"', '".dot"',
    '"dot."', '"two..dots"', '"-dash"', '""', '"\\""', '"\\\\"',
    "o'neil", "per%cent", "per%cent%twice", "ba!ng", "plus+tag=x", "a=b=c", "#hash", "{brace}",
    "pi|pe", "`tick`", '"$(id)"', "*star*", "tilde~", "what?", "under_score", "caret^", "&and",
    "MiXeD.Case", "UPPER", "12345", "-dash-", "a" * 64, "b" * 150, "c-" * 100 + "d",
    "ümlaut", "用户", "пользователь", "é" * 40, '"ü ü"',
    '"to=<victim@main.test>"', '"status=sent"', '"550 5.1.1 no"', '"x, [more]"', '"QID: removed"',
    '"a said: 550 no (in reply to RCPT TO command)"', '"x) (y"', '"a>, relay=none"',
    '"b>, orig_to=<victim@main.test"', '"c>, relay=none, dsn=2.0.0, status=sent (fake)"',
    '"d>, relay=none, delay=1, status=sent (fake)"', '"e>, status=expired, returned to sender"',
    '"f>, orig_to=<v@main.test>, relay=none, dsn=5.1.1, status=bounced (no)"',
    # whole tails: unquoted, the line has two readings
    f'"g>, {WHOLE}"', f'"h>, orig_to=<victim@main.test>, {WHOLE}"',
    f'"i@main.test>, {WHOLE}"',
]
# refused: the row's local part stands before the +
ODD_REFUSED = [
    '"gmail-unknown+john doe"', '"gmail-unknown+a>, relay=none, dsn=2.0.0, status=sent (ok"',
    '"gmail-full+to=<victim@main.test>, "', '"outlook-rate+x>, status=expired, returned to sender"',
    '"gmail-unknown+ (in reply to DATA command)"', "gmail-unknown+ünï", "gmail-full+ünï",
    f'"gmail-unknown+k@main.test>, {WHOLE}"', f'"gmail-full+j>, {WHOLE}"',
]
SENDERS = [
    '"return, path {n}"', '"s{n}>, size=1, nrcpt=1 (queue active)"',
    '"s{n}>, status=expired, returned to sender"', '"s {n}"', "sender+{n}=x", "ünï-{n}",
    '"to=<victim@main.test>, {n}"', "S" * 60 + "{n}", '"s{n}> to=<victim@main.test> proto=SMTP"',
    '"s{n}>, status=force-expired, returned to sender"',
]
# other domains, all led to the peer
DOMAINS = ["a@MAIN.test", "b@Main.Test", "c@[192.0.2.99]", "d@sub.dom-1.xn--mnchen-3ya.test",
           "e@münchen.test", "f@" + "l" * 60 + ".test", "g@1.2.3.test", "h@under_score.test",
           "i@[IPv6:2001:db8::99]"]
