/** `innermost` in so many objects, each made by `wrap` of the one in it. */
export function nested(depth: number, wrap: (value: unknown) => unknown, innermost: unknown = 0): unknown {
  let value = innermost;
  for (let i = typeof innermost === 'object' ? 1 : 0; i < depth; i++) value = wrap(value);
  return value;
}
