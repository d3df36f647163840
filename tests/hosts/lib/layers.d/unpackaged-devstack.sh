#!/bin/sh
# Layer "devstack-<release>": a checkout with a tag for each of RELEASES, installed editable; NOVA, CHECKOUT, PLACE are set.
set -eu
apt-get -qq install -y --no-install-recommends git
useradd --home-dir "${CHECKOUT%/*}" --shell /bin/bash stack
install -d -o stack -g stack "$CHECKOUT"
chown -R stack:stack "${CHECKOUT%/*}" /srv/sources
as_stack() { setpriv --reuid stack --regid stack --clear-groups env HOME="${CHECKOUT%/*}" "$@"; }
git_() { as_stack git -C "$CHECKOUT" -c user.name=stack -c user.email=stack@localhost "$@"; }
git_ init -q
for release in $RELEASES; do
    find "$CHECKOUT" -mindepth 1 -maxdepth 1 ! -name .git -exec rm -r {} +
    as_stack cp -a "/srv/sources/$release/." "$CHECKOUT"
    rm -rf "$CHECKOUT/PKG-INFO" "$CHECKOUT/nova.egg-info"
    printf '*.pyc\n*.egg-info\n' >"$CHECKOUT/.gitignore"
    git_ add -A
    git_ commit -qm "$release"
    git_ tag "$release"
done
git_ checkout -q "$NOVA"
as_stack "$PLACE/bin/python" -m pip uninstall -qy nova
as_stack "$PLACE/bin/python" -m pip install -q --no-index --no-deps --no-build-isolation -e "$CHECKOUT"
rm -r /srv/sources
