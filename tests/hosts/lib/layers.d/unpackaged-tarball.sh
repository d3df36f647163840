#!/bin/sh
# Layer "tarball-<release>": Icehouse as a tarball in a directory with a space, run by the host's Python 2.7; TREE is set.
set -eu
echo "$TREE" > /usr/local/lib/python2.7/dist-packages/nova-tarball.pth
for name in manage conductor; do
    printf '#!/usr/bin/python2.7\nimport sys\nfrom nova.cmd.%s import main\nsys.exit(main())\n' "$name" \
        > "/usr/local/bin/nova-$name"
    chmod 755 "/usr/local/bin/nova-$name"
done
python2.7 -m compileall -q "$TREE/nova/db" "$TREE/nova/objects" "$TREE/nova/conductor" "$TREE/nova/network"
