import fc from 'fast-check';

// Values as structured clone knows them: of every kind, with cycles, holes and what occurs twice.

const key = fc.oneof(
  fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toJSON', 'length', '0', '7', 'then', '', '\ud800', 'é漢'),
  fc.string({ unit: 'binary', maxLength: 4 }),
);

export const primitive = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom<unknown>(-0, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, 1e21, 5e-324, undefined, null, true, false),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('', 'plain', '\ud800', 'a\udfffb', '\u0000"\\\n', 'ÿé', '漢字'.repeat(100), 'x'.repeat(5000)),
  fc.bigInt(),
);

const bytes = fc.uint8Array({ maxLength: 12 });
const large = fc.integer({ min: 8000, max: 20_000 }).map((length) => new Uint8Array(length).fill(7));
const leaf = fc.oneof(
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(/x/gi, /[/\]\\]\u2028/su, new RegExp('')),
  fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.bigInt()).map((value) => Object(value) as object),
  bytes,
  bytes.map((list) => new Float64Array([...list, -0, NaN])),
  bytes.map((list) => new DataView(list.buffer, Math.min(1, list.length))),
  bytes.map(({ buffer }) => buffer),
  bytes.map((list) => Buffer.from(list)),
  large,
  large.map((list) => [list.subarray(10, 20), list.buffer, new Uint16Array(list.buffer, 2, 5)]),
);

const errorClass = fc.constantFrom(Error, RangeError, TypeError, SyntaxError, URIError, ReferenceError, EvalError);

/** Anything at all. */
export const anything = fc.letrec<{ value: unknown; list: unknown[] }>((tie) => ({
  list: fc.array(tie('value'), { maxLength: 5 }),
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'value' },
    { weight: 6, arbitrary: primitive },
    { weight: 3, arbitrary: leaf },
    { weight: 3, arbitrary: tie('list') },
    { weight: 3, arbitrary: fc.dictionary(key, tie('value'), { maxKeys: 4 }) },
    { weight: 1, arbitrary: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: false }) },
    { weight: 1, arbitrary: tie('list').map((list) => new Set(list)) },
    {
      weight: 1,
      arbitrary: fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((all) => new Map(all)),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(errorClass, fc.string(), tie('value'))
        .map(([Class, text, cause]) => new Class(text, cause === null ? undefined : { cause })),
    },
    // With holes, a name, a length of its own.
    { weight: 1, arbitrary: tie('list').map((list) => Object.assign([...list], { length: list.length + 2 })) },
    { weight: 1, arbitrary: tie('list').map((list) => Object.assign([...list], { name: 'x', '9': 9 })) },
    {
      weight: 1,
      arbitrary: tie('value').map(
        (value) =>
          new (class Point {
            x = value;
          })(),
      ),
    },
    // What occurs twice, and what holds itself.
    { weight: 1, arbitrary: tie('value').map((value) => [value, { value }]) },
    { weight: 1, arbitrary: tie('list').map((list) => [...list, list, { list }]) },
    {
      weight: 1,
      arbitrary: tie('value').map((value) => {
        const round: Record<string, unknown> = { value };
        round['self'] = [round];
        return round;
      }),
    },
  ),
})).value;

/** What most messages are. */
export const plain = fc.letrec<{ plain: unknown }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.string(), fc.boolean()) },
    { weight: 1, arbitrary: fc.constantFrom(null, undefined, '__proto__') },
    { weight: 2, arbitrary: fc.array(tie('plain'), { maxLength: 5 }) },
    { weight: 2, arbitrary: fc.dictionary(key, tie('plain'), { maxKeys: 4 }) },
  ),
})).plain;
