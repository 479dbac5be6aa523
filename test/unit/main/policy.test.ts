import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MeshError } from '../../../src/core/errors/mesh-error.js';
import type { Authorize, Candidate } from '../../../src/main/candidate.js';
import { judge, type PolicyOptions } from '../../../src/main/policy.js';
import { spy } from '../support/spy.js';

function candidate(more: Partial<Candidate> & { top?: boolean } = {}): Candidate {
  const { top = true, origin = 'app://editor', ...rest } = more;
  return {
    name: 'x',
    type: top ? 'window' : 'frame',
    origin,
    url: `${origin}/index.html`,
    hostUrl: rest.url ?? `${origin}/index.html`,
    topOrigin: origin,
    process: { type: 'renderer', id: 'r1.1', pid: 1 },
    frame: { webContents: 1, routing: 1, top },
    ...rest,
  };
}

const defaults: PolicyOptions = { origins: [], authorizeTimeout: 5000, appPath: '/app' };

async function refusal(given: Candidate, options: Partial<PolicyOptions> = {}): Promise<string | undefined> {
  const verdict = await judge(given, { ...defaults, ...options });
  return 'refusal' in verdict ? verdict.refusal : undefined;
}

const file = (url: string): Candidate => candidate({ origin: 'file://', url });

describe('by default', () => {
  it.each([
    'file:///app/index.html',
    'file:///app/pages/deep/a.html?q=/../x#/../y',
    'file:///app/with%20space.html',
    'file:///app/..hidden/a.html',
    'file:///app/pages/../index.html',
  ])('a file of the app joins: %s', async (url) => {
    expect(await refusal(file(url))).toBeUndefined();
  });

  it.each([
    ['beside the app', 'file:///application/index.html'],
    ['above it', 'file:///index.html'],
    ['the folder itself', 'file:///app'],
    ['the folder itself, as a folder', 'file:///app/'],
    ['out of it by dots', 'file:///app/../etc/passwd'],
    ['out of it by encoded dots', 'file:///app/%2e%2e/etc/passwd'],
    ['out of it by half-encoded dots', 'file:///app/.%2E/etc/passwd'],
    ['with an encoded slash', 'file:///app/..%2fetc/passwd'],
    ['with an encoded slash inside', 'file:///app%2Findex.html'],
    ['on another host', 'file://evil.example/app/index.html'],
    ['on a drive', 'file:///C:/app/index.html'],
    ['on a drive, with a bar', 'file:///C|/app/index.html'],
    ['no URL at all', 'file:'],
    ['with broken encoding', 'file:///app/%zz'],
  ])('a file that is not the app’s does not: %s', async (_, url) => {
    expect(await refusal(file(url))).toContain("is not the app's own");
  });

  it('no file joins an app without a path', async () => {
    expect(await refusal(file('file:///app/index.html'), { appPath: '' })).toBeDefined();
  });

  it('only a file URL names a file', async () => {
    const url = 'https://evil.example/app/index.html';
    expect(await refusal(candidate({ origin: 'https://evil.example', url }))).toContain(
      "createBridge({ origins: ['https://evil.example'] })",
    );
  });

  it('an origin that is listed joins, and no other', async () => {
    const origins = ['app://editor', 'https://example.com:8443'];
    for (const origin of origins) expect(await refusal(candidate({ origin }), { origins })).toBeUndefined();
    for (const origin of [
      'app://editors',
      'app://edito',
      'APP://editor',
      'https://example.com',
      'http://example.com:8443',
      '',
    ]) {
      expect(await refusal(candidate({ origin }), { origins })).toContain(`origins: ['${origin}']`);
    }
  });

  it('a frame joins in a window of its own origin, and in no other', async () => {
    const origins = ['app://editor', 'app://other'];
    expect(await refusal(candidate({ top: false }), { origins })).toBeUndefined();
    expect(await refusal(candidate({ top: false, topOrigin: 'app://other' }), { origins })).toContain(
      'is a frame in a window of another origin (app://other)',
    );
    expect(await refusal(candidate({ top: false, topOrigin: 'null' }), { origins })).toBeDefined();
  });

  it('an opaque origin never joins, wherever its document lies', async () => {
    const opaque = candidate({ origin: 'null', url: 'file:///app/index.html' });
    expect(await refusal(opaque)).toContain('has an opaque origin');
    expect(await refusal(opaque, { origins: ['null', 'file://'] })).toContain('has an opaque origin');
    expect(await refusal(candidate({ origin: 'null', top: false, topOrigin: 'null' }))).toBeDefined();
  });

  it('a refusal names who asked, in 200 characters of its URL', async () => {
    const url = `app://other/${'x'.repeat(5000)}`;
    const text = await refusal(candidate({ origin: 'app://other', url }));
    expect(text).toContain('the window at app://other/xxx');
    expect(text!.length).toBeLessThan(500);
  });
});

describe('a frame by default', () => {
  const srcdoc = (hostUrl: string, more: Partial<Candidate> = {}): Candidate =>
    candidate({ origin: 'file://', top: false, url: 'about:srcdoc', hostUrl, ...more });

  it('that is written in a page of the app joins with it; in another page it does not', async () => {
    expect(await refusal(srcdoc('file:///app/index.html'))).toBeUndefined();
    expect(await refusal(srcdoc('file:///elsewhere/index.html'))).toContain("is not the app's own");
    expect(await refusal(srcdoc('file:///app/index.html', { origin: 'null' }))).toContain('has an opaque origin');
  });

  it('of a blob is of no known file, and joins by an origin that is listed only', async () => {
    const url = 'blob:file:///615d5813-167d-4fd8-bb61-901';
    expect(await refusal(candidate({ origin: 'file://', top: false, url }))).toContain('It is no file of the app');
    const listed = candidate({ top: false, url: 'blob:app://editor/615d5813' });
    expect(await refusal(listed, { origins: ['app://editor'] })).toBeUndefined();
  });

  it('that is refused may be let in by its owner: the refusal is not final, and says so', async () => {
    for (const given of [file('file:///elsewhere/a.html'), candidate({ origin: 'null' })]) {
      const refusal = expect.stringContaining('or the page it is in by share(iframe)');
      expect(await judge({ ...given, type: 'frame' }, defaults)).toEqual({ refusal, final: false });
    }
  });

  it('or a worker, that a page shares is let in by that, of whatever origin', async () => {
    const via = { id: 'p1', name: 'x', type: 'window', origin: 'app://editor', process: candidate().process } as const;
    for (const origin of ['null', 'https://widgets.example']) {
      expect(await refusal(candidate({ origin, top: false, via }))).toBeUndefined();
    }
  });
});

describe('an app behind a symbolic link', () => {
  let folder: string;
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'portmesh-policy-')));
    mkdirSync(join(folder, 'real'));
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'real', 'index.html'), '');
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('joins by the name of the link, and by where it leads', async () => {
    for (const name of ['link', 'real']) {
      const url = pathToFileURL(join(folder, name, 'index.html')).href;
      expect(await refusal(file(url), { appPath: join(folder, 'link') })).toBeUndefined();
    }
  });

  it('and nothing beside it does', async () => {
    const url = pathToFileURL(join(folder, 'elsewhere', 'index.html')).href;
    expect(await refusal(file(url), { appPath: join(folder, 'link') })).toBeDefined();
  });
});

describe('authorize', () => {
  const ask = (authorize: Authorize, given = candidate()) => judge(given, { ...defaults, authorize });

  it('is asked with what Electron knows, and decides alone', async () => {
    const authorize = spy(() => true);
    const opaque = candidate({ origin: 'null', top: false });
    expect(await ask(authorize, opaque)).toEqual({ grant: {} });
    expect(authorize).toHaveBeenCalledExactlyOnceWith(opaque);
    expect(await ask(() => false, file('file:///app/index.html'))).toEqual({
      refusal: "the bridge's authorize() refused the window at file:///app/index.html (origin file://).",
      final: true,
    });
  });

  it('may grant, now or later', async () => {
    const grant = { names: ['main'] };
    expect(await ask(() => grant)).toEqual({ grant });
    expect(await ask(async () => grant)).toEqual({ grant });
    expect(await ask(async () => true)).toEqual({ grant: {} });
  });

  it.each([
    ['throws', () => { throw new Error('no'); }], // prettier-ignore
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('that %s refuses, with its error for the application, not for the page', async (_, authorize) => {
    const verdict = await ask(authorize as Authorize);
    expect(verdict).toEqual({
      refusal: expect.stringContaining('authorize() threw'),
      final: true,
      cause: new Error('no'),
    });
    expect((verdict as { refusal: string }).refusal).not.toContain('no.');
  });

  it('that does not answer in time refuses: finally, and says so', async () => {
    const late = judge(candidate(), { ...defaults, authorize: () => new Promise(() => {}), authorizeTimeout: 20 });
    expect(await late).toEqual({
      refusal:
        "the bridge's authorize() for the window at app://editor/index.html (origin app://editor): " +
        'no answer in 20 ms (authorizeTimeout).',
      code: 'TIMEOUT',
      final: true,
    });
  });

  it('whose own call has timed out has thrown: what that says is not for the page', async () => {
    const cause = new MeshError('TIMEOUT', "request('who'): no answer from the database");
    const verdict = await ask(() => Promise.reject(cause));
    expect(verdict).toEqual({ refusal: expect.stringContaining('authorize() threw'), final: true, cause });
  });

  it.each([
    [undefined, 'undefined: a grant is an object'],
    [null, 'null: a grant is an object'],
    ['yes', "'yes': a grant is an object"],
    [0, '0: a grant is an object'],
    [{ sends: [] }, "object: a grant has no 'sends', only names, send, receive, services, provides, peers and state"],
    [{ send: 'doc' }, "object: 'send' of a grant is a list of names"],
  ])('that returns %j refuses, and says what it must return', async (answer, problem) => {
    const verdict = await ask((() => answer) as never);
    expect(verdict).toEqual({
      refusal: `the bridge's authorize() returned ${problem}. It must return a grant, true or false.`,
      final: true,
    });
  });
});
