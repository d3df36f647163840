"""Points at which the tests kill this process: NOVA_CASCADING_FAULT=<point> in the environment.

Points: before-column:<table>, after-column:<table>, before-move:<table>, after-move:<table>, before-index,
after-index, before-record, during-record, after-record, before-export, during-export, after-export,
before-drop-index, after-drop-index, before-drop:<table>, after-drop:<table>, before-adopt, after-adopt, during-import,
before-restart:<service>, after-restart:<service>; with systemd, <service> is the first of those restarted together.
"""

import os
import signal


def point(name):
    """Die here, as a kill -9 would make it, when the test asked for this point."""
    if os.environ.get('NOVA_CASCADING_FAULT') == name:
        os.kill(os.getpid(), signal.SIGKILL)
