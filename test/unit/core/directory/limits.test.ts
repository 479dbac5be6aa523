import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/core/directory/limits.js';

const [, page = ''] = readFileSync(new URL('../../../../docs/security.md', import.meta.url), 'utf8').split(
  '\n## Limits\n',
);

it.each(Object.entries(defaultLimits))('the limit %s is in docs/security.md, with its default', (name, value) => {
  const words = name === 'size' ? `${value / 1024 / 1024} MiB` : value.toLocaleString('en');
  const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` `));
  expect(row?.split('|').map((cell) => cell.trim())[3]).toBe(words);
});
