import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryChannel } from '../../../src/core/port/memory-port.js';
import { consume, defineService, provide, type StandardSchema } from '../../../src/service/index.js';
import { TestMesh } from '../../contract/mesh.js';

interface Users {
  find(query: { name: string; limit: number }): Promise<{ id: number }[]>;
  rename(id: number, name: string): Promise<string>;
}
interface UserEvents {
  renamed: [id: number, name: string];
}

const ofZod = {
  find: {
    args: z.tuple([z.object({ name: z.string(), limit: z.number().int().default(10) })]),
    result: z.array(z.object({ id: z.number() })),
  },
  renamed: z.tuple([z.number(), z.string()]),
};
const ofValibot = {
  find: {
    args: v.tuple([v.object({ name: v.string(), limit: v.optional(v.pipe(v.number(), v.integer()), 10) })]),
    result: v.array(v.object({ id: v.number() })),
  },
  renamed: v.tuple([v.number(), v.string()]),
};
/** One that answers later, as those do that look something up. */
const later = (schema: StandardSchema): StandardSchema => ({
  '~standard': { version: 1, vendor: 'test', validate: async (value) => schema['~standard'].validate(value) },
});
const ofPromises = {
  find: { args: later(ofZod.find.args), result: later(ofZod.find.result) },
  renamed: ofZod.renamed,
};

describe.each([
  ['zod', ofZod],
  ['valibot', ofValibot],
  ['one that answers later', ofPromises],
])('S6: with a schema of %s', (_, { find, renamed }) => {
  const users = defineService<Users, UserEvents>('users', { schema: { methods: { find }, events: { renamed } } });
  let mesh: TestMesh;
  let found: unknown[];
  let answer: unknown;

  beforeEach(() => {
    mesh = new TestMesh({ make: () => createMemoryChannel().ports });
    found = [];
    answer = [{ id: 1 }];
  });
  afterEach(() => mesh.close());

  async function pair() {
    const [a, b] = [await mesh.join('a'), await mesh.join('b')];
    const provided = provide(b, users, {
      find: async (query) => {
        found.push(query);
        return answer as { id: number }[];
      },
      rename: async (id, name) => name + id,
    });
    return { a, b, provided, u: consume(a, users) };
  }

  it('gives the method what the schema makes of its arguments, and the user the result', async () => {
    const { u } = await pair();
    expect(await u.find({ name: 'x' } as never)).toEqual([{ id: 1 }]);
    expect(found).toEqual([{ name: 'x', limit: 10 }]);
    expect(await u.rename(1, 'free')).toBe('free1');
  });

  it('refuses a bad argument at the provider, with the path; the method does not run', async () => {
    const { u } = await pair();
    await expect(u.find({ name: 5, limit: 1 } as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/users\.find\(\): its arguments don't fit: \[0\]\.name: /),
    });
    await expect((u.find as (...args: unknown[]) => Promise<unknown>)()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(found).toEqual([]);
  });

  it('rejects a bad result at the user, with the path', async () => {
    const { u } = await pair();
    answer = [{ id: 1 }, { id: 'two' }];
    await expect(u.find({ name: 'x', limit: 1 })).rejects.toMatchObject({
      code: 'PROTOCOL',
      message: expect.stringMatching(/users\.find\(\).*\[1\]\.id: /),
    });
  });

  it('refuses to emit what does not fit, and reports what came and does not', async () => {
    const { a, b, u, provided } = await pair();
    const got: unknown[] = [];
    const errors: unknown[] = [];
    a.onError((error) => errors.push(error));
    await u.$subscribe('renamed', (...args) => got.push(args));
    expect(() => provided.emit('renamed', 'x' as never, 'y')).toThrow(/\[0\]: /);
    provided.emit('renamed', 1, 'ok');
    b.send('service:users/renamed', undefined, 'by hand', 1);
    await b.drain();
    expect(got).toEqual([[1, 'ok']]);
    expect(errors).toMatchObject([{ code: 'PROTOCOL', message: expect.stringContaining("users.$on('renamed')") }]);
  });
});

it('what is no Standard Schema is refused when the service is defined, and named', () => {
  const refusal = (schema: unknown) => {
    try {
      return defineService<Users, UserEvents>('users', { schema: schema as object });
    } catch (error) {
      return error;
    }
  };
  const find = ofZod.find.args;
  for (const [schema, named] of [
    [{ methods: { find: { args: [z.string()] } } }, 'methods.find.args'],
    [{ methods: { find: { args: find, result: 'number' } } }, 'methods.find.result'],
    [{ methods: { find: { args: { '~standard': {} } } } }, 'methods.find.args'],
    [{ methods: { find: { args: null } } }, 'methods.find.args'],
    [{ methods: { find } }, 'methods.find'],
    [{ methods: { find: { arguments: find } } }, 'methods.find'],
    [{ events: { renamed: {} } }, 'events.renamed'],
  ] as const) {
    expect(refusal(schema)).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(named) });
  }
  const missing = { methods: { find: undefined, rename: { args: undefined } }, events: { renamed: undefined } };
  expect(refusal(missing)).toMatchObject({ name: 'users' });
});
