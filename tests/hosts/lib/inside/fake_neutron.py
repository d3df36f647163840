"""A neutron that knows one network with one port, and writes down every port request it is sent; Python 2.7 and 3.

The port has whatever id it is asked for by.

usage: fake_neutron.py PORT LOGFILE PROFILE_JSON
LOGFILE gets one line of JSON for each request that changes something: method, path, body.
"""

import json
import sys

try:
    from http.server import BaseHTTPRequestHandler, HTTPServer
except ImportError:
    from BaseHTTPServer import BaseHTTPRequestHandler, HTTPServer

NETWORK = {'id': '11111111-1111-4111-8111-111111111111', 'name': 'net', 'tenant_id': 'demo',
           'subnets': ['33333333-3333-4333-8333-333333333333'], 'port_security_enabled': True, 'shared': False,
           'admin_state_up': True, 'status': 'ACTIVE'}
PORT = {'id': '22222222-2222-4222-8222-222222222222', 'network_id': NETWORK['id'], 'tenant_id': 'demo',
        'device_id': '', 'device_owner': '', 'mac_address': 'fa:16:3e:00:00:01', 'fixed_ips': [], 'name': '',
        'binding:vif_type': 'ovs', 'binding:vnic_type': 'normal', 'status': 'ACTIVE', 'admin_state_up': True}
EXTENSIONS = [{'name': 'Port Binding', 'alias': 'binding'}]
LISTS = {'networks': [NETWORK], 'ports': [PORT], 'extensions': EXTENSIONS, 'subnets': [], 'floatingips': [],
         'security-groups': []}


class Neutron(BaseHTTPRequestHandler):

    def do_GET(self):
        kind, _, name = self._place()
        if name:
            PORT['id'] = name if kind == 'ports' else PORT['id']
            self._answer({kind[:-1]: {'networks': NETWORK, 'ports': PORT}[kind]})
        else:
            self._answer({kind.replace('-', '_'): LISTS[kind]})

    def do_PUT(self):
        body = json.loads(self.rfile.read(int(self.headers.get('Content-Length'))).decode('utf-8'))
        with open(sys.argv[2], 'a') as log:
            log.write(json.dumps({'method': self.command, 'path': self.path, 'body': body}) + '\n')
        PORT.update(body['port'])
        self._answer({'port': PORT})

    do_POST = do_PUT

    def _place(self):
        path = self.path.partition('?')[0].replace('.json', '').partition('/v2.0/')[2]
        return path.partition('/')

    def _answer(self, body):
        text = json.dumps(body).encode('utf-8')
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)


if __name__ == '__main__':
    profile = json.loads(sys.argv[3])
    if profile is not None:
        PORT['binding:profile'] = profile
    HTTPServer(('127.0.0.1', int(sys.argv[1])), Neutron).serve_forever()
