import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSecrets } from '../../../../src/node/cli/secrets.js';
import { UsageError } from '../../../../src/node/cli/usage-error.js';
import { spy } from '../../support/spy.js';
import { folder } from '../../support/net.js';

const PEER = 'correct horse battery staple';
const BRIDGE = 'the secret that bridges know';

function fileOf(content: unknown): string {
  const file = join(folder(), 'secrets');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  return file;
}

it('reads the environment, or the file if one is given', () => {
  const warn = spy();
  const environment = { PORTMESH_PEER_SECRET: BRIDGE, PORTMESH_BRIDGE_SECRET: PEER };
  expect(readSecrets(undefined, { PORTMESH_PEER_SECRET: PEER }, warn)).toEqual({ peer: PEER });
  expect(readSecrets(undefined, environment, warn)).toEqual({ peer: BRIDGE, bridge: PEER });
  expect(readSecrets(fileOf({ peer: PEER }), environment, warn)).toEqual({ peer: PEER });
  expect(readSecrets(fileOf({ peer: PEER, bridge: BRIDGE }), {}, warn)).toEqual({ peer: PEER, bridge: BRIDGE });
  expect(warn).not.toHaveBeenCalled();
});

it.skipIf(process.platform === 'win32')('warns of a file that others may read', () => {
  const file = fileOf({ peer: PEER });
  for (const mode of [0o640, 0o604]) {
    chmodSync(file, mode);
    const warn = spy();
    expect(readSecrets(file, {}, warn)).toEqual({ peer: PEER });
    expect(warn.mock.calls).toEqual([[`others may read ${file}: chmod 600 ${file}`]]);
  }
});

it.each<[Record<string, string>, RegExp]>([
  [{}, /^there is no secret for peers\. Set PORTMESH_PEER_SECRET, or give --secrets-file\. Make one: openssl/],
  [{ PORTMESH_PEER_SECRET: '' }, /^PORTMESH_PEER_SECRET is no text of 16 characters or more/],
  [{ PORTMESH_PEER_SECRET: 'battery' }, /^PORTMESH_PEER_SECRET is no text of 16 characters or more/],
  [{ PORTMESH_PEER_SECRET: PEER, PORTMESH_BRIDGE_SECRET: 'battery' }, /^PORTMESH_BRIDGE_SECRET is no text of 16/],
  [{ PORTMESH_PEER_SECRET: PEER, PORTMESH_BRIDGE_SECRET: PEER }, /^the two secrets are the same/],
])('names the secret that is wrong, and never shows one: %j', (environment, message) => {
  const read = (): unknown => readSecrets(undefined, environment, () => {});
  expect(read).toThrow(UsageError);
  expect(read).toThrow(message);
  expect(read).not.toThrow(/battery/);
});

it.each<[unknown, RegExp]>([
  ['peer = battery', /secrets is no JSON\. It is to hold { "peer": "…", "bridge": "…" }\.$/],
  [['battery'], /It is to hold/],
  ['null', /It is to hold/],
  [{ peers: 'battery' }, /what is "peers"\?/],
  [{ bridge: BRIDGE }, /^there is no secret for peers\. Set "peer" in \S+secrets\. Make one/],
  [{ peer: 7 }, /^"peer" in \S+secrets is no text of 16/],
  [{ peer: 'battery' }, /^"peer" in \S+secrets is no text of 16/],
  [{ peer: PEER, bridge: null }, /^"bridge" in \S+secrets is no text of 16/],
])("names what is wrong with the secrets' file, and never shows one: %j", (content, message) => {
  const file = fileOf(content);
  const read = (): unknown => readSecrets(file, {}, () => {});
  expect(read).toThrow(UsageError);
  expect(read).toThrow(message);
  expect(read).not.toThrow(/battery/);
});

it('says why it can not read a file', () => {
  const file = join(folder(), 'none');
  expect(() => readSecrets(file, {}, () => {})).toThrow(new RegExp(`^can't read ${file}: ENOENT`));
  expect(() => readSecrets(folder(), {}, () => {})).toThrow(/^can't read \S+: EISDIR/);
});
