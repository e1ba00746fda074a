_creek = {'name': 'creek', 'arch': 'arm', 'family': 'testing'}
routers.append(_creek)
