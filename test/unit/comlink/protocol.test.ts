import { expect, it } from 'vitest';
import { redactThrown } from '../../../src/comlink/protocol.js';

const answer = (value: unknown): object => ({ id: 1, type: 'HANDLER', name: 'throw', value });

it.each<[string, unknown, unknown]>([
  [
    'an error',
    { isError: true, value: { name: 'E', message: 'at /home/me/x', stack: 'at /home/me/x.js' } },
    { isError: true, value: { name: 'E', message: 'at <path>' } },
  ],
  ['a text', { isError: false, value: 'at /home/me/x' }, { isError: false, value: 'at <path>' }],
  [
    'an object that is no error',
    { isError: false, value: { code: 1, message: 'at /home/me/x', stack: 'at /home/me/x.js' } },
    { isError: false, value: { code: 1, message: 'at <path>' } },
  ],
])('%s that is thrown goes without paths and stacks to who shall not see them', (_, thrown, expected) => {
  expect(redactThrown(answer(thrown))).toEqual(answer(expected));
});

it('what is returned stays as it is', () => {
  const returned = { id: 1, type: 'RAW', value: { isError: false, value: '/home/me/x' } };
  expect(redactThrown(returned)).toBe(returned);
});
