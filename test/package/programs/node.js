// A program for plain Node: what the package offers there, without Electron and without a DOM.
import { createMemoryChannel, MeshError, transfer } from 'portmesh';
import { connect } from 'portmesh/renderer';
import { connect as connectNode } from 'portmesh/node';
import { fileURLToPath } from 'node:url';

const [near, far] = createMemoryChannel({ latency: 1 }).ports;
const answered = new Promise((resolve) => near.start({ message: resolve, unreadable() {}, close() {} }));
far.start({ message: (data) => far.post(['pong', data]), unreadable() {}, close() {} });
near.post('ping');
const answer = await answered;
near.close();
const found = {
  answer,
  moved: transfer([1], []).value,
  error: new MeshError('LIMIT', 'too much').code,
  connect: typeof connect,
  via: await connectNode({ via: null }).catch((error) => (MeshError.is(error) ? error.code : error)),
  preload: fileURLToPath(import.meta.resolve('portmesh/preload')),
};
console.log(JSON.stringify(found));
