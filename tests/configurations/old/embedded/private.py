# The real one is not in the repository.
slave_passwords = {'weir': 'a', 'sluice': 'b', 'lock': 'c'}
port = '9989'
