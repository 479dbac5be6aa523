// A process of the bench: child.cjs <the bench's control socket> <its own name>. It ends with the bench.

import { connect } from 'node:net';
import { childApi, type ChildApi } from './api.js';
import { Control } from './control.js';

const [, , path, name] = process.argv as [string, string, string, string];
const socket = connect(path);
const control = new Control(socket, ([id, asked, args]) => {
  const call = async (): Promise<unknown> =>
    (childApi[asked as keyof ChildApi] as (...given: never[]) => unknown)(...(args as never[]));
  call().then(
    (value) => control.post(id, value),
    (error: unknown) => control.post(id, null, error instanceof Error ? error.message : String(error)),
  );
});
control.post(name);
socket.on('error', () => {}); // `close` follows
socket.on('close', () => process.exit());
