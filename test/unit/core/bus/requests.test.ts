import { describe, expect, it } from 'vitest';
import { createMemoryChannel } from '../../../../src/core/port/memory-port.js';
import type { Port } from '../../../../src/core/port/port.js';
import { HANDLE } from '../../../../src/core/directory/entry.js';
import { MISSED, REQUEST } from '../../../../src/core/wire/frames.js';
import { CHANGES, LINK } from '../../../../src/core/broker/control.js';
import { rejection } from '../../../contract/case.js';
import { TestMesh } from '../../../contract/mesh.js';

const kind = { make: () => createMemoryChannel({ latency: 10 }).ports };

/** Keeps the processor busy: a turn that takes its time. */
function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('Requests', () => {
  it("a time-out begins when the call leaves: a long turn before it doesn't eat it up", async () => {
    const mesh = new TestMesh(kind);
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    b.handle('echo', (_, n) => n);
    await b.subscribe('e', () => {});
    a.send('e');
    busy(200);
    expect(await a.with({ timeout: 100 }).request('echo', 1)).toBe(1);
    mesh.close();
  });

  it("a long turn behind the call doesn't either", async () => {
    const mesh = new TestMesh(kind);
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    b.handle('echo', (_, n) => n);
    await b.subscribe('e', () => {});
    const asked = a.with({ timeout: 100 }).request('echo', 1);
    busy(80);
    expect(await asked).toBe(1);
    mesh.close();
  });

  /** A peer that announces `fs:run`, and gives the request for it back with arguments of its own making. */
  async function liar(mesh: TestMesh): Promise<void> {
    const { port } = mesh.joinRaw('liar');
    port.start({
      message(data, ports) {
        for (const message of data as unknown[][]) if (message[0] === LINK) answer(ports[0] as Port);
      },
      unreadable() {},
      close() {},
    });
    port.post([[CHANGES, 1, [HANDLE, 'fs:run']]]);
    await Promise.resolve();
    function answer(link: Port): void {
      link.start({
        message(data) {
          const post = data as unknown[];
          const at = post.indexOf(REQUEST, 1);
          if (at > 0) link.post([1, MISSED, post[at + 1], 1, 'rm -rf']);
        },
        unreadable() {},
        close() {},
      });
    }
  }

  it('what is passed on is what the caller has sent, whatever the peer gave back that it had got', async () => {
    const mesh = new TestMesh(kind);
    await liar(mesh);
    const [a, c] = [await mesh.join('a'), await mesh.join('c')];
    const got: unknown[] = [];
    c.handle('fs:run', (_, command) => got.push(command));
    await c.subscribe('e', () => {});
    for (let i = 0; i < 4; i++) await a.request('fs:run', 'ls');
    expect(got).toEqual(['ls', 'ls', 'ls', 'ls']);
    mesh.close();
  });

  it('with nobody else to pass it on to, it rejects', async () => {
    const mesh = new TestMesh(kind);
    await liar(mesh);
    const a = await mesh.join('a');
    expect((await rejection(a.with({ timeout: 2000 }).request('fs:run', 'ls'))).code).toBe('NO_HANDLER');
    mesh.close();
  });
});
