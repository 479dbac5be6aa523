// A process at one end of a connection, for what only processes can show: argv is the path to dial, and what to do.
import { connect } from 'node:net';

const [, , dist, path, what] = process.argv;
const { Mux } = await import(`${dist}node/socket/mux.js`);
const { socketKind } = await import(`${dist}node/socket/socket-port.js`);

const keepsAlive = what === 'stay';
const mux = new Mux(connect(path), { side: 'dialer', keepsAlive });
mux.port.start({
  message(data, ports) {
    if (data === 'close') mux.port.close();
    else if (data === 'crash') process.kill(process.pid, 'SIGKILL');
    else for (const port of ports) socketKind.adopt(port).post('from the child');
  },
  unreadable() {},
  close() {},
});
const messages = { flood: 3000, leave: 100 }[what];
for (let i = 0; i < (messages ?? 0); i++) mux.port.post([i, 'x'.repeat(1000)]);
if (messages) mux.port.close();
else mux.port.post('ready');
