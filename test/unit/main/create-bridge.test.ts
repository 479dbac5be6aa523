import { afterEach, expect, it, vi } from 'vitest';
import { createBridge } from '../../../src/main/create-bridge.js';
import type { Bridge } from '../../../src/main/bridge.js';

vi.mock('electron', async () => {
  const { FakeElectron } = await import('../support/fake-electron.js');
  const { app, ipcMain, MessageChannelMain } = new FakeElectron().like;
  return { app, utilityProcess: {}, MessageChannelMain, get ipcMain() { return place.main ? ipcMain : undefined; } }; // prettier-ignore
});
vi.mock('../../../src/main/gateway-file.js', () => ({ gatewayFile: (userData: string) => `written to ${userData}` }));
vi.mock('../../../src/main/preload-file.js', () => ({
  findPreload: (appPath: string, userData: () => string) => `found from ${appPath} and ${userData()}`,
}));

const place = vi.hoisted(() => ({ main: true }));
let bridge: Bridge | undefined;
afterEach(() => bridge?.close());

it("makes a bridge of Electron's own parts, and looks for the preload in the app's folders", () => {
  bridge = createBridge({ origins: ['app://a'] });
  expect(bridge.preload).toBe('found from /app and /data');
  expect(() => createBridge()).toThrow(/^createBridge\(\): this process has a bridge already/);
});

it('needs no options', async () => {
  bridge = createBridge();
  const bus = await bridge.connect();
  expect(bus.self.name).toBe('main');
});

it('says where it belongs, in a process whose Electron has less', () => {
  place.main = false;
  try {
    expect(() => createBridge()).toThrow(/^createBridge\(\): the bridge is made in Electron's main process/);
  } finally {
    place.main = true;
  }
});
