import { describe, expect, it } from 'vitest';
import { cloneCheckFor } from '../../../src/node/clone-check.js';

describe('cloneCheckFor', () => {
  it.each(['27.3.10', '29.9.9', '30.0.0', '30.1.1', '31.0.2', '', undefined])(
    'tries payloads first in %s',
    (version) => {
      const check = cloneCheckFor(version);
      expect(() => check?.([1, new Map()])).not.toThrow();
      expect(() => check?.([() => {}])).toThrow(/clone/);
      expect(check).toBeDefined();
    },
  );

  it.each(['30.1.2', '30.2.0', '31.1.0', '32.0.0', '33.2.1', '45.0.0-beta.1'])('needs not to in %s', (version) => {
    expect(cloneCheckFor(version)).toBeUndefined();
  });
});
