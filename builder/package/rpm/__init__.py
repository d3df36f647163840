"""RPMs of EL6 to Fedora: a source rpm with one spec, and the binary package of it."""
