"""Which user and group a process of an application runs as. It is started as the supervisor, and changes to them itself."""

import grp
import os
import pwd

# prctl(2)
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4


def drop_privileges(user, group):
    """Becomes `user` and `group`, names or numbers; a number need not have an entry in the user database."""
    if os.getuid() != 0 or (user is None and group is None):
        return
    entry = _account(user) if user is not None else None
    if group is not None:
        gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    else:
        gid = entry.pw_gid if entry is not None else int(user)
    if entry is not None:
        os.initgroups(entry.pw_name, gid)
    else:
        os.setgroups([gid])
    os.setgid(gid)
    if user is not None:
        os.setuid(entry.pw_uid if entry is not None else int(user))
        _be_like_others()
    if entry is not None:
        os.environ['HOME'] = entry.pw_dir
        os.environ['USER'] = os.environ['LOGNAME'] = entry.pw_name


def _be_like_others():
    """Undoes what the system does to a process that changes its user: others of that user may look into it as into any
    other, which lending.py is based on."""
    prctl(PR_SET_DUMPABLE, 1)  # Where it cannot be done, files are not lent.


def prctl(option, value):
    try:
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass  # Not Linux, or a Python without ctypes.


def _account(user):
    if not user.isdigit():
        return pwd.getpwnam(user)
    try:
        return pwd.getpwuid(int(user))
    except KeyError:
        return None
