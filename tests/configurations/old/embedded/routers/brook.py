routers.append(dict(name='brook', arch='mips', packages={'dnsmasq': 'y', 'hostapd': 'm'}))
