#!/bin/sh
# Makes yum repositories of a stock nova, laid out as RDO does: the library, common, and one package a service.
# Input: the unpatched nova and its metadata directory in /srv/nova; SITE, LIBRARY, PYTHON, VERSION, EPOCH ('' or 'N:'),
# TYPE (how systemd knows that a service is up).
# Output: /srv/stock (release 1) and /srv/erratum (release 2).
# Requirements: rpmbuild, createrepo_c.
set -eu
SERVICES='api conductor scheduler'

spec() {
    cat <<END
%global __os_install_post %{nil}
%global _binary_payload w1.gzdio
%global __pythondist_requires %{nil}
Name: openstack-nova
${EPOCH:+Epoch: ${EPOCH%:}}
Version: $VERSION
Release: %{erratum}
Summary: OpenStack Compute
License: Apache-2.0
BuildArch: noarch
%description
OpenStack Compute.
%package -n $LIBRARY
Summary: OpenStack Compute libraries
Requires: sudo
%description -n $LIBRARY
The Python code.
%files -n $LIBRARY
$SITE/nova
$SITE/nova-*-info
%package common
Summary: What the services of OpenStack Compute share
Requires: $LIBRARY = $EPOCH%{version}-%{release}
%description common
nova-manage and the configuration.
%files common
/usr/bin/nova-manage
%install
install -d %{buildroot}$SITE %{buildroot}/usr/bin %{buildroot}/usr/lib/systemd/system
cp -R /srv/nova/nova /srv/nova/nova-*-info %{buildroot}$SITE
if [ %{erratum} -gt 1 ]; then echo "# erratum" >>%{buildroot}$SITE/nova/version.py; fi
$PYTHON -m compileall -q -x /tests/ -d $SITE/nova %{buildroot}$SITE/nova
for name in manage $SERVICES; do
    printf '#!$PYTHON\nimport sys\nfrom nova.cmd.%%s import main\nsys.exit(main())\n' \$name >%{buildroot}/usr/bin/nova-\$name
    chmod 755 %{buildroot}/usr/bin/nova-\$name
done
for name in $SERVICES; do
    printf '[Service]\nType=$TYPE\nNotifyAccess=all\nTimeoutStartSec=60\nRestart=no\nUser=nova\nExecStart=/usr/bin/nova-%%s\n[Install]\nWantedBy=multi-user.target\n' \
        \$name >%{buildroot}/usr/lib/systemd/system/openstack-nova-\$name.service
done
END
    for name in $SERVICES; do
        cat <<END
%package $name
Summary: OpenStack Compute, $name
Requires: openstack-nova-common = $EPOCH%{version}-%{release}
%description $name
The service.
%post $name
systemctl preset openstack-nova-$name.service >/dev/null 2>&1 || :
%preun $name
if [ \$1 -eq 0 ]; then systemctl --no-reload disable --now openstack-nova-$name.service >/dev/null 2>&1 || :; fi
%postun $name
systemctl daemon-reload >/dev/null 2>&1 || :
if [ \$1 -ge 1 ]; then systemctl try-restart openstack-nova-$name.service >/dev/null 2>&1 || :; fi
%files $name
/usr/bin/nova-$name
/usr/lib/systemd/system/openstack-nova-$name.service
END
    done
}

spec >/tmp/stock.spec
for number in 1 2; do
    case $number in 1) to=/srv/stock ;; *) to=/srv/erratum ;; esac
    rpmbuild --quiet -bb --define "_topdir /tmp/stock" --define "_rpmdir $to" --define "erratum $number" \
        --define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' /tmp/stock.spec
    createrepo_c --quiet "$to"
    rm -rf /tmp/stock
done
printf '[stock]\nname=stock\nbaseurl=file:///srv/stock\ngpgcheck=0\n' >/etc/yum.repos.d/stock.repo
printf '[erratum]\nname=erratum\nbaseurl=file:///srv/erratum\ngpgcheck=0\nenabled=0\n' >/etc/yum.repos.d/erratum.repo
