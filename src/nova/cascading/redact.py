"""Keep passwords out of everything that is printed, logged or raised."""

import re

from nova.cascading import errors

try:
    from urllib.parse import unquote, unquote_plus
except ImportError:
    from urllib import unquote, unquote_plus

MASK = '***'
_CREDENTIALS = re.compile(r'(://[^:/@\s]*:)[^\s\'"]*(@)')
_WHO = re.compile(r'://[^/\s\'"]+@')
_SECRET_OPTION = re.compile(r'([?&](?:passwd|password|passphrase)=)([^&\s\'"]*)', re.IGNORECASE)
_NEXT_HOST = re.compile(r',[^:/@,]*:([^/@]+)@')  # rabbit://user:password@one,user:password@two/
_known = set()


def know(url):
    """Remember the password in a database URL, in each form in which a driver may repeat it.

    A raw '@' or '/' in a password makes drivers take its tail for the host or the database, so the parts count too.
    What has an '@' and no scheme is quoted as a whole by those who cannot read it.
    """
    url = errors.text(url)
    if '://' not in url and '@' in url:
        _known.add(url)
    credentials = (url.partition('://')[2] or url).rpartition('@')[0]
    given = [credentials.partition(':')[2]] + _NEXT_HOST.findall(url)
    given += [found[1] for found in _SECRET_OPTION.findall(url)]
    for password in given:
        for form in (password, unquote(password), unquote_plus(password)):
            _known.update(part for part in [form] + re.split('[@/]', form) if len(part) > 2)
        if password:
            _known.add(password)


def hide(thing):
    """The text of anything without the passwords of any URL in it, and without any known one."""
    text = _CREDENTIALS.sub(r'\1{0}\2'.format(MASK), errors.text(thing))
    text = _SECRET_OPTION.sub(r'\1' + MASK, text)
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def hide_users(text):
    """The text of a package manager without what stands before an @ in its addresses: a token may be all of it."""
    return hide(_WHO.sub('://' + MASK + '@', text))
