__all__ = ['COMPILERS']


class Compiler(object):
    vendor = None
    fc = None
    debug = ['-g']
    env = {}

    def flags(self, debug=False):
        return (debug and self.debug or ['-O2']) + self.extra()

    def extra(self):
        return []



class Gnu(Compiler):
    vendor = 'GNU'
    fc = 'gfortran'

    def extra(self):
        return ['-fbacktrace']


class Intel(Compiler):
    vendor, fc, debug = 'Intel', 'ifort', ['-g', '-traceback']
    env = {'INTEL_LICENSE_FILE': '28518@licenses'}


COMPILERS = [Gnu(), Intel()]
