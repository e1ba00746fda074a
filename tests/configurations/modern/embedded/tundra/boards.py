from collections import namedtuple


class Board(object):
    heavy = ('caribou',)

    def __init__(self, name, arch, since='arctic', big=False):
        self.name, self.arch, self.since, self.big = name, arch, since, big

    def workers(self, names):
        """Big images need the big machine."""
        return [n for n in names if not self.big or n in self.heavy]

    @staticmethod
    def parse(line):
        fields = [field.strip() for field in line.split(';')]
        return Board(fields[0], fields[1], *fields[2:3], **({'big': True} if 'big' in fields[3:] else {}))


_TABLE = '''
# name ; arch ; since ; flags
snowshoe    ; arm
sled        ; arm     ; arctic ; big
icebreaker  ; x86_64  ; arctic
kayak       ; riscv64 ; boreal
'''
BOARDS = [Board.parse(line) for line in _TABLE.strip().split('\n') if not line.startswith('#')]
Release = namedtuple('Release', 'name order')
_RELEASES = {r.name: r.order for r in [Release('arctic', 1), Release('boreal', 2)]}


def supported(branch):
    return [board for board in BOARDS if _RELEASES[board.since] <= _RELEASES[branch]]
