#!/bin/sh
# Layer "py27-icehouse": everything that nova 2014.1 needs, in /usr/lib/nova-cascading, for Python 2.7; not nova itself.
set -eu
home=/usr/lib/nova-cascading
# Debian's own copy of pip no longer parses under Python 2.7.
python3 -m virtualenv -q --download --pip 20.3.4 --setuptools 44.1.1 --wheel 0.37.1 -p python2.7 "$home"
"$home/bin/pip" install -q -r /usr/share/icehouse/constraints.txt
# Later ones raise TypeError in 2014.1's versionutils.
"$home/bin/pip" install -q setuptools==7.0
site=$("$home/bin/python" -c 'import os; print(os.path.dirname(os.__file__))' | sed "s,^.*/lib/,$home/lib/,")/site-packages
cp /usr/share/icehouse/icehouse_names.py "$site/"
echo 'import icehouse_names' > "$site/icehouse_names.pth"
