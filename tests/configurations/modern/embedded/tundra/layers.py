class Layer:
    def __init__(self, name, branch='main', host='https://git.tundra.example.dev'):
        self.name = name
        self.branch = branch
        self.url = host + '/' + name

ALL = [Layer('meta-tundra'), Layer('meta-boards', branch='arctic'), Layer('bitbake', host='https://mirror.example.org')]
