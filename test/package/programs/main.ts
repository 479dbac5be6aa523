// The main process: it sees Node and Electron, whose types want a DOM.
import { app, session, type Session } from 'electron';
import { MeshError, type Bus, type Peer } from 'portmesh';
import { createBridge, type Bridge, type BridgeOptions, type Candidate, type RegistrySnapshot } from 'portmesh/main';

interface AppChannels {
  'doc:saved': (id: string) => void;
  'doc:render': (id: string, scale: number) => Promise<Uint8Array>;
}

const options: BridgeOptions = {
  authorize: async ({ origin, frame }: Candidate) => frame?.top === true && origin === 'app://a',
};
await app.whenReady();
const bridge: Bridge = createBridge(options);
const partition: Session = session.fromPartition('persist:a');
bridge.install(partition);
bridge.on('join', (peer: Peer) => console.log(peer.process.pid));
bridge.on('refused', (error, candidate) => console.log(error.code, candidate?.url));
// @ts-expect-error there is no such event
bridge.on('joined', () => {});
const bus: Bus<AppChannels> = await bridge.connect<AppChannels>({ name: 'main' });
bus.handle('doc:render', (event, id) => Buffer.from(event.signal.aborted ? '' : id));
// @ts-expect-error a request is no event
bus.send('doc:render', '42', 2);
const snapshot: RegistrySnapshot = bridge.registry.snapshot();
console.log(snapshot, MeshError.is(undefined), bridge.state().links);
