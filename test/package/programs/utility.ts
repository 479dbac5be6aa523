// A utility process, and a worker in it: they see Node, and Electron's `process.parentPort`.
import 'electron';
import type { Bus, Registration } from 'portmesh';
import { connect, share, type ConnectOptions, type ShareOptions } from 'portmesh/node';
import { parentPort, Worker } from 'node:worker_threads';

interface AppChannels {
  'doc:render': (id: string, scale: number) => Promise<Uint8Array>;
}

const options: ConnectOptions = { via: process.parentPort, name: 'thumbs', timeout: 1000 };
const bus: Bus<AppChannels> = await connect<AppChannels>(options);
bus.handle('doc:render', (_event, id) => Buffer.from(id));
const shared: ShareOptions = { via: process.parentPort, grant: { receive: ['doc:*'] } };
const registration: Registration = share(new Worker('worker.js'), shared);
registration.dispose();
const worker = await connect({ via: parentPort });
// @ts-expect-error there is no other way to say whose child it is
await connect({ name: 'thumbs' });
// @ts-expect-error a worker may not let others in
share(new Worker('worker.js'), { via: parentPort });
console.log(worker.self.via);
