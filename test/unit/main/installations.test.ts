import { describe, expect, it } from 'vitest';
import { Installations } from '../../../src/main/installations.js';
import { FakeSession } from '../support/fake-electron.js';
import { spy } from '../support/spy.js';

const path = '/app/preload.cjs';

describe('Installations', () => {
  it('register the preload where Electron can, for frames, and take it back', () => {
    const session = FakeSession.modern();
    const installations = new Installations(() => path);
    installations.add(session.real);
    expect(session.scripts).toEqual([{ type: 'frame', filePath: path }]);
    expect(session.preloads).toEqual(['/app/own.js']);
    installations.close();
    expect(session.scripts).toEqual([]);
  });

  it("set it behind the application's own where Electron is older, and take only that back", () => {
    const session = new FakeSession();
    const installations = new Installations(() => path);
    installations.add(session.real);
    expect(session.preloads).toEqual(['/app/own.js', path]);
    session.setPreloads([...session.preloads, '/app/later.js']);
    installations.close();
    expect(session.preloads).toEqual(['/app/own.js', '/app/later.js']);
  });

  it('do so once for each session', () => {
    const sessions = [FakeSession.modern(), new FakeSession()];
    const installations = new Installations(() => path);
    for (const session of [...sessions, ...sessions]) installations.add(session.real);
    expect(sessions[0]!.scripts).toHaveLength(1);
    expect(sessions[1]!.preloads).toEqual(['/app/own.js', path]);
    installations.close();
    installations.close();
    expect(sessions[1]!.preloads).toEqual(['/app/own.js']);
  });

  it.each([
    ['in an Electron that registers it', FakeSession.modern],
    ['in one that sets it', () => new FakeSession()],
  ])('do so anew when the application has set preloads of its own meanwhile, %s', async (_, make) => {
    const [session, other] = [make(), make()];
    const installations = new Installations(() => path);
    for (const each of [session, other]) {
      installations.add(each.real);
      each.setPreloads(['/app/other.js']);
    }
    const paths = (): string[] => [...session.preloads, ...session.scripts.map(({ filePath }) => filePath)];
    expect(paths()).toEqual(['/app/other.js']);
    installations.add(session.real);
    installations.add(session.real);
    expect(paths()).toEqual(['/app/other.js', path]);
    installations.close();
    expect(paths()).toEqual(['/app/other.js']);
    expect(other.preloads, 'which has taken it away, and it stays so').toEqual(['/app/other.js']);
  });

  it('look for the preload when it is first needed, and once', () => {
    const find = spy(() => path);
    const installations = new Installations(find);
    expect(find).not.toHaveBeenCalled();
    expect(installations.preload).toBe(path);
    installations.add(FakeSession.modern().real);
    expect(find).toHaveBeenCalledTimes(1);
  });

  it.each([undefined, null, {}, 'session', { setPreloads: 1 }])('name what is no session: %j', (value) => {
    const find = spy(() => path);
    const add = (): void => new Installations(find).add(value as never);
    expect(add).toThrow(/^bridge\.install\(session\): give an Electron session/);
    expect(find).not.toHaveBeenCalled();
  });
});
