import { describe, expect, it } from 'vitest';
import { Registry, type DocumentRecord } from '../../../src/main/registry.js';
import { Shares } from '../../../src/main/shares.js';
import { peer } from '../../contract/link-side.js';

function record(nonce: string, more: Partial<DocumentRecord> = {}): DocumentRecord {
  return {
    nonce,
    process: 'r1.10',
    pid: 10,
    webContents: 1,
    frame: 1,
    ancestors: [],
    kin: [],
    owner: undefined,
    routing: 1,
    top: true,
    origin: 'app://a',
    url: `app://a/${nonce}`,
    peers: new Map(),
    shares: new Shares(),
    reason: undefined,
    ...more,
  };
}

const person = (id: string) => peer(id, { id });

describe('Registry', () => {
  it('shows who lives where: processes, frames, documents, peers', () => {
    const registry = new Registry();
    const top = record('top');
    registry.add(top, person('p1'));
    registry.add(top, person('p2'));
    registry.add(record('child', { frame: 2, top: false }), person('p3'));
    registry.add(record('reloaded'), person('p4'));
    registry.add(record('elsewhere', { process: 'r2.20', pid: 20, webContents: 2, frame: 5 }), person('p5'));
    expect(registry.snapshot()).toEqual({
      processes: [
        {
          id: 'r1.10',
          pid: 10,
          frames: [
            {
              webContents: 1,
              frame: 1,
              top: true,
              documents: [
                { url: 'app://a/top', origin: 'app://a', peers: [person('p1'), person('p2')] },
                { url: 'app://a/reloaded', origin: 'app://a', peers: [person('p4')] },
              ],
            },
            {
              webContents: 1,
              frame: 2,
              top: false,
              documents: [{ url: 'app://a/child', origin: 'app://a', peers: [person('p3')] }],
            },
          ],
        },
        {
          id: 'r2.20',
          pid: 20,
          frames: [
            {
              webContents: 2,
              frame: 5,
              top: true,
              documents: [{ url: 'app://a/elsewhere', origin: 'app://a', peers: [person('p5')] }],
            },
          ],
        },
      ],
    });
    expect(structuredClone(registry.snapshot())).toEqual(registry.snapshot());
  });

  it('a snapshot does not change with it', () => {
    const registry = new Registry();
    const document = record('d');
    registry.add(document, person('p1'));
    const before = registry.snapshot();
    const copy = structuredClone(before);
    document.url = 'app://a/pushed';
    registry.add(document, person('p2'));
    registry.remove('p1');
    expect(before).toEqual(copy);
  });

  it('keeps a document as long as it has a peer', () => {
    const registry = new Registry();
    const document = record('d');
    registry.add(document, person('p1'));
    registry.add(document, person('p2'));
    expect(registry.document('d')).toBe(document);
    expect(registry.documentOf('p2')).toBe(document);
    registry.remove('p1');
    expect([registry.size, registry.documentOf('p1')]).toEqual([1, undefined]);
    registry.remove('p2');
    registry.remove('p2');
    expect([registry.size, registry.document('d'), registry.snapshot()]).toEqual([0, undefined, { processes: [] }]);
  });

  it('finds documents by what they are', () => {
    const registry = new Registry();
    registry.add(record('a'), person('p1'));
    registry.add(record('b', { webContents: 2 }), person('p2'));
    expect(registry.documentsWhere(({ webContents }) => webContents === 2).map(({ nonce }) => nonce)).toEqual(['b']);
  });
});
