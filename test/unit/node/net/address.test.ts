import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkAddress, show } from '../../../../src/node/net/address.js';

describe('checkAddress', () => {
  it('takes the address out of the options, and fills in what is not given', () => {
    expect(checkAddress({ path: '/run/mesh', secret: 'x' }, 'connect()')).toEqual({ path: '/run/mesh' });
    expect(checkAddress({ path: 'mesh' }, 'connect()')).toEqual({ path: resolve('mesh') });
    expect(checkAddress({ port: 4000 }, 'connect()')).toEqual({ port: 4000, host: '127.0.0.1' });
    expect(checkAddress({ port: 0, host: '::1' }, 'connect()')).toEqual({ port: 0, host: '::1' });
  });

  it("takes every name of this machine's own", () => {
    for (const host of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1']) {
      expect(checkAddress({ port: 1, host }, 'connect()')).toEqual({ port: 1, host });
    }
    expect(checkAddress({ port: 1, host: 'localhost' }, 'connect()'), 'the same in every process').toEqual({
      port: 1,
      host: '127.0.0.1',
    });
  });

  it.each<[unknown, RegExp]>([
    [undefined, /^call\(\): { path \| port }: there is neither\./],
    [{}, /there is neither/],
    [{ path: '/x', port: 1 }, /there are both/],
    [{ path: '/x', host: '127.0.0.1' }, /^call\(\): { host }: a socket at a path has none/],
    [{ path: '' }, /^call\(\): { path: '' }: give the path/],
    [{ path: 7 }, /^call\(\): { path: 7 }: give the path/],
    [{ path: '\0abstract' }, /give the path/],
    [{ path: '\\\\.\\pipe\\mesh' }, /a named pipe is there on Windows only/],
    [{ port: -1 }, /^call\(\): { port: -1 }: give a whole number up to 65535/],
    [{ port: 65_536 }, /give a whole number/],
    [{ port: 1.5 }, /give a whole number/],
    [{ port: '80' }, /give a whole number/],
    [{ port: 1, host: '0.0.0.0' }, /^call\(\): { host: '0.0.0.0' }: only this machine's own/],
    [{ port: 1, host: '::' }, /only this machine's own/],
    [
      { port: 1, host: '192.168.1.1' },
      /only this machine's own .*: a mesh is of one machine, and what is said isn't encrypted\.$/,
    ],
    [{ port: 1, host: '::ffff:10.0.0.1' }, /only this machine's own/],
    [{ port: 1, host: 'example.org' }, /only this machine's own/],
    [{ port: 1, host: '' }, /only this machine's own/],
    [{ port: 1, host: 5 }, /only this machine's own/],
  ])('names what is wrong: %j', (given, message) => {
    expect(() => checkAddress(given, 'call()', 'linux')).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) }),
    );
  });

  it('refuses a path that the system would cut off, by its bytes', () => {
    const path = (bytes: number): string => `/${'ü'.repeat((bytes - 2) / 2)}x`;
    expect(checkAddress({ path: path(106) }, 'call()', 'linux')).toEqual({ path: path(106) });
    expect(() => checkAddress({ path: path(108) }, 'call()', 'linux')).toThrow(
      /it is 108 bytes long, .* has 107 at most/,
    );
    expect(() => checkAddress({ path: path(104) }, 'call()', 'darwin')).toThrow(
      /it is 104 bytes long, .* has 103 at most/,
    );
  });

  it('on Windows takes named pipes, and nothing else', () => {
    expect(checkAddress({ path: '\\\\.\\pipe\\mesh' }, 'call()', 'win32')).toEqual({ path: '\\\\.\\pipe\\mesh' });
    expect(checkAddress({ path: '\\\\?\\pipe\\mesh' }, 'call()', 'win32')).toEqual({ path: '\\\\?\\pipe\\mesh' });
    expect(() => checkAddress({ path: 'C:\\mesh' }, 'call()', 'win32')).toThrow(
      /give a named pipe's path: \\\\\.\\pipe\\name/,
    );
  });
});

it('shows an address as one writes it', () => {
  expect(show({ path: '/run/mesh' })).toBe('/run/mesh');
  expect(show({ port: 80 })).toBe('127.0.0.1:80');
  expect(show({ port: 80, host: '::1' })).toBe('[::1]:80');
});
