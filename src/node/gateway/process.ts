// What the bridge runs as a utility process of its own, so that main stays off the path of what Electron's peers and Node's say to each
// other. Bundled to one file.

import { ChannelAsker } from '../../core/broker/channel-asker.js';
import { ElectronPort, type ElectronPortLike } from '../../core/port/electron-port.js';
import { electronPorts } from '../../core/port/kinds.js';
import { check } from '../clone-check.js';
import { Gateway } from './gateway.js';

interface ParentPort {
  once(event: 'message', listener: (event: { readonly ports: readonly ElectronPortLike[] }) => void): void;
}

const { parentPort } = process as unknown as { readonly parentPort: ParentPort };
parentPort.once('message', ({ ports: [raw] }) => {
  const host = new ChannelAsker(new ElectronPort(raw as ElectronPortLike, check));
  void new Gateway(
    host,
    electronPorts(() => host.channel(), check),
    () => process.exit(0),
  );
});
