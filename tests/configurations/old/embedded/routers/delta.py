for _variant in ('small', 'large'):
    routers.append({'name': 'delta-%s' % _variant, 'arch': 'x86', 'profile': _variant})
