// A page's program: it sees a DOM, and nothing of Node or Electron.
import { createMemoryChannel, MeshError, transfer, type Bus, type Peer } from 'portmesh';
import { connect, share, type ConnectOptions, type ShareFrameOptions } from 'portmesh/renderer';
import 'portmesh/preload';

interface AppChannels {
  'doc:saved': (id: string) => void;
  'doc:render': (id: string, scale: number) => Promise<Uint8Array>;
}

const options: ConnectOptions = { name: 'editor', timeout: 1000 };
const bus: Bus<AppChannels> = await connect<AppChannels>(options);
bus.on('doc:saved', (event, id) => console.log(event.sender.name, id.length));
const pixels = new Uint8Array(4);
bus.handle('doc:render', (_event, _id, scale) => (scale > 1 ? transfer(pixels, [pixels.buffer]) : pixels));
const bytes: Uint8Array = await bus.to('viewer').with({ timeout: 500 }).request('doc:render', '42', 2);
const others: Peer[] = bus.peers.named('viewer');
const reason: string | undefined = await bus.drain().then(
  () => undefined,
  (error: unknown) => (MeshError.is(error, 'PEER_GONE') ? error.reason : undefined),
);
const frame: ShareFrameOptions = { origin: 'https://widgets.example', grant: { send: ['doc:*'] } };
const registration = share(document.createElement('iframe'), frame);
registration.dispose();
share(new Worker('worker.js'), { name: 'thumbs' }).dispose();
// @ts-expect-error whose documents is said for a frame
share(document.createElement('iframe'));
const widget: Bus<AppChannels> = await connect<AppChannels>({ owner: 'app://editor' });
await widget.close();
// @ts-expect-error a request is no event
bus.send('doc:render', '42', 2);
// @ts-expect-error a page has no process
console.log(process.pid);
console.log(bytes, others, reason, createMemoryChannel().ports.length, bus.closed);
