// src/node/socket/codec.ts
import { Deserializer, Serializer } from "node:v8";

// src/core/errors/mesh-error.ts
var brand = /* @__PURE__ */ Symbol.for("portmesh.MeshError");
var MeshError = class extends Error {
  /** Which way it failed. Compare this, not the message. */
  code;
  /**
   * An application seldom makes one; a handler may, and its caller gets it as it is.
   *
   * @param code which way it failed
   * @param message the call, the other party and the fix, in words
   * @param options its cause; with `PEER_GONE`, the reason
   */
  constructor(code, message, options) {
    super(message, options && "cause" in options ? { cause: options.cause } : void 0);
    this.code = code;
    if (options?.reason) this.reason = options.reason;
  }
  /**
   * Whether `value` is an error of the mesh, and, where `code` is given, that one. Recognised by brand, not by class: an
   * application can hold two copies of this library (its own bundle, the preload's).
   */
  static is(value, code) {
    return typeof value === "object" && value !== null && brand in value && (code === void 0 || value.code === code);
  }
};
Object.defineProperty(MeshError.prototype, brand, { value: true });
Object.defineProperty(MeshError.prototype, "name", { value: "MeshError", writable: true, configurable: true });

// src/core/wire/kinds.ts
var errors = ["Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"];
var leaves = ["Date", "RegExp", "Boolean", "Number", "String", "BigInt"];
var kinds = new Map([
  [void 0, "record"],
  ["Object", "record"],
  // An application's own classes extend it; in Node, instances of those are cloned like any other.
  ["EventTarget", "record"],
  ["Map", "map"],
  ["Set", "set"],
  ["ArrayBuffer", "buffer"],
  ...[...errors, "AggregateError", "SuppressedError"].map((name) => [name, "error"]),
  ...leaves.map((name) => [name, "leaf"])
]);
var classes = /* @__PURE__ */ new WeakMap();
function kindOf(value) {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return "record";
  if (Array.isArray(value)) return "array";
  if (ArrayBuffer.isView(value)) return "view";
  return kinds.get(platformClass(value)) ?? "host";
}
function platformClass(value) {
  const first = Object.getPrototypeOf(value);
  const known = first && classes.get(first);
  if (known !== void 0 && known !== null) return known || void 0;
  let name = "";
  for (let each = first; each !== null && name === ""; each = Object.getPrototypeOf(each)) {
    const constructor = Object.getOwnPropertyDescriptor(each, "constructor")?.value;
    if (typeof constructor === "function" && isPlatform(constructor)) name = constructor.name;
  }
  if (first) classes.set(first, name);
  return name || void 0;
}
function isPlatform(constructor) {
  const { name } = constructor;
  if (name === "SharedArrayBuffer") return isNative(constructor);
  const { WebAssembly: wasm } = globalThis;
  return isGlobal(globalThis, name, constructor) || wasm !== void 0 && isGlobal(wasm, name, constructor);
}
function isGlobal(owner, name, constructor) {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  if (!own || own.enumerable) return false;
  return owner[name] === constructor || isNative(constructor);
}
function isNative(constructor) {
  return Function.prototype.toString.call(constructor).endsWith("{ [native code] }");
}

// src/node/socket/exact-json.ts
var MAX_NODES = 1e5;
var MAX_CHARACTERS = 1024 * 1024;
var MAX_DEPTH = 100;
function isExact(message, gaps) {
  if (hasToJson(Object.prototype) || hasToJson(Array.prototype)) return false;
  const budget = { nodes: MAX_NODES, characters: MAX_CHARACTERS, seen: /* @__PURE__ */ new Set() };
  if (gaps && Array.isArray(message)) return isExactArray(message, 0, budget, gaps);
  return isExactValue(message, 0, budget);
}
function hasToJson(prototype) {
  return "toJSON" in prototype;
}
function isExactValue(value, depth, budget) {
  budget.nodes--;
  switch (typeof value) {
    case "string":
      budget.characters -= value.length;
      return true;
    case "number":
      return value === 0 ? 1 / value > 0 : Number.isFinite(value);
    case "boolean":
      return true;
    case "object":
      if (value === null) return true;
      return Array.isArray(value) ? isExactArray(value, depth, budget) : isExactRecord(value, depth, budget);
    default:
      return false;
  }
}
function isExactArray(array, depth, budget, gaps) {
  const { length } = array;
  if (length > budget.nodes || !isNew(array, depth, budget)) return false;
  if (Object.getPrototypeOf(array) !== Array.prototype) return false;
  if (Object.keys(array).length !== length) return false;
  for (let i = 0; i < length; i++) {
    const value = array[i];
    if (value === void 0 && gaps && Object.hasOwn(array, i)) gaps.push(i);
    else if (!isExactValue(value, depth + 1, budget)) return false;
  }
  return isWithin(budget);
}
function isExactRecord(record, depth, budget) {
  const prototype = Object.getPrototypeOf(record);
  if (prototype !== Object.prototype && prototype !== null || !isNew(record, depth, budget)) return false;
  for (const key of Object.keys(record)) {
    budget.characters -= key.length;
    if (!isExactValue(record[key], depth + 1, budget)) return false;
  }
  return isWithin(budget);
}
function isNew(value, depth, { seen }) {
  const { size } = seen;
  return depth < MAX_DEPTH && seen.add(value).size > size;
}
function isWithin({ nodes, characters }) {
  return nodes >= 0 && characters >= 0;
}

// src/node/socket/frames.ts
var ASCII = 1;
var UTF8 = 2;
var GAPS = 3;
var V8 = 4;
var UNREADABLE = 5;

// src/node/socket/v8-claims.ts
var ELEMENTS_PER_BYTE = 8;
var SPARE_ELEMENTS = 1024 * 1024;
var SPARSE = 97;
function isModest(bytes) {
  const limit = bytes.length * ELEMENTS_PER_BYTE + SPARE_ELEMENTS;
  let claimed = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === SPARSE) claimed += lengthAt(bytes, i + 1);
  return claimed <= limit || elementsClaimed(bytes) <= limit;
}
function lengthAt(bytes, start) {
  let value = 0;
  for (let i = start, unit = 1; i < bytes.length && unit < 2 ** 35; i++, unit *= 128) {
    const byte = bytes[i];
    value += (byte & 127) * unit;
    if (byte < 128) break;
  }
  return value;
}
function elementsClaimed(bytes) {
  return new Walk(bytes).run();
}
var varints = /* @__PURE__ */ new Map();
for (const each of bytesOf("_0TFxy-;'os\0")) varints.set(each, 0);
for (const each of bytesOf("IU^t?A{:,")) varints.set(each, 1);
for (const each of bytesOf("@$")) varints.set(each, 2);
for (const each of bytesOf("m.")) varints.set(each, 0);
var DOUBLES = new Set(bytesOf("NDn"));
var SIZED = new Set(bytesOf('S"cB'));
var BIGINTS = new Set(bytesOf("Zz"));
var CLASSES = new Set(bytesOf("ERFSTU"));
var [VIEW, RESIZABLE, REG_EXP, ERROR] = bytesOf("V~Rr");
var [MESSAGE, STACK, CAUSE, END] = bytesOf("msc.");
function bytesOf(tags) {
  return Buffer.from(tags, "latin1");
}
var Walk = class {
  #bytes;
  #at = 0;
  #claimed = 0;
  constructor(bytes) {
    this.#bytes = bytes;
  }
  run() {
    if (this.#byte() !== 255) return Infinity;
    const version = this.#varint();
    while (this.#at < this.#bytes.length) if (!this.#next(version)) return Infinity;
    return this.#at === this.#bytes.length ? this.#claimed : Infinity;
  }
  #next(version) {
    const kind = this.#byte();
    const count = varints.get(kind);
    if (count !== void 0) this.#skipVarints(count);
    else if (DOUBLES.has(kind)) this.#at += 8;
    else if (SIZED.has(kind)) this.#at += this.#varint();
    else if (BIGINTS.has(kind)) this.#at += Math.floor(this.#varint() / 2);
    else if (kind === SPARSE) this.#claimed += this.#varint();
    else if (kind === VIEW) this.#skipVarints(version < 14 ? 3 : 4);
    else if (kind === RESIZABLE) this.#skipResizable();
    else if (kind === REG_EXP) return this.#skipRegExp();
    else if (kind === ERROR) return this.#skipError();
    else return false;
    return true;
  }
  #skipVarints(count) {
    for (let i = 0; i < count; i++) this.#varint();
  }
  #skipResizable() {
    const length = this.#varint();
    this.#varint();
    this.#at += length;
  }
  #skipRegExp() {
    if (!this.#skipText()) return false;
    this.#varint();
    return true;
  }
  /** Up to its end, or to its cause: there `c` has another meaning than elsewhere. */
  #skipError() {
    if (CLASSES.has(this.#bytes[this.#at] ?? 0)) this.#at++;
    for (; ; ) {
      const field = this.#byte();
      if (field === END || field === CAUSE) return true;
      if (field !== MESSAGE && field !== STACK) return false;
      if (!this.#skipText()) return false;
    }
  }
  #skipText() {
    let kind = this.#byte();
    while (kind === 0 && this.#at < this.#bytes.length) kind = this.#byte();
    if (!SIZED.has(kind)) return false;
    this.#at += this.#varint();
    return true;
  }
  #varint() {
    const value = lengthAt(this.#bytes, this.#at);
    while (this.#byte() >= 128) ;
    return value;
  }
  #byte() {
    return this.#bytes[this.#at++] ?? 0;
  }
};

// src/node/socket/codec.ts
var BESIDE_BYTES = 4096;
var LOOKED_AT = 256;
var nothing = [];
var unreadable = { kind: UNREADABLE, text: void 0, bytes: void 0, buffers: nothing };
function encode(message, options = {}) {
  const { moved = nothing, max = Infinity } = options;
  const gaps = [];
  const exact = moved.length === 0 && isExact(message, gaps);
  const encoded = message === null ? unreadable : exact ? asText(message, gaps) : void 0;
  const beside = encoded ? nothing : largeBuffers(message);
  const written = encoded ?? asBytes(message, beside);
  const size = sizeOf(written) + beside.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (size > max) throw tooLarge(size, max);
  options.commit?.();
  const owned = new Map(moved.map((buffer) => [buffer, take(buffer)]));
  if (beside.length === 0) return written;
  return { ...written, buffers: beside.map((buffer) => new Uint8Array(owned.get(buffer) ?? buffer.slice(0))) };
}
function sizeOf({ text, bytes, buffers }) {
  let size = text === void 0 ? bytes?.length ?? 0 : Buffer.byteLength(text);
  for (const buffer of buffers) size += buffer.length;
  return size;
}
function asText(message, gaps) {
  const kind = gaps.length === 0 ? UTF8 : GAPS;
  return {
    kind,
    text: JSON.stringify(gaps.length === 0 ? message : [gaps, message]),
    bytes: void 0,
    buffers: nothing
  };
}
function asBytes(message, beside) {
  const serializer = new Serializer();
  serializer._setTreatArrayBufferViewsAsHostObjects(false);
  for (const [i, buffer] of beside.entries()) serializer.transferArrayBuffer(i, buffer);
  serializer.writeHeader();
  serializer.writeValue(message);
  return { kind: V8, text: void 0, bytes: serializer.releaseBuffer(), buffers: nothing };
}
function tooLarge(size, max) {
  const text = `it is ${size} bytes large, and ${max} is the most (maxMessage). Send it in pieces: a stream, for example.`;
  return new MeshError("NOT_CLONEABLE", text);
}
function take(buffer) {
  try {
    return structuredClone(buffer, { transfer: [buffer] });
  } catch {
    return void 0;
  }
}
function largeBuffers(message) {
  const found = /* @__PURE__ */ new Set();
  const seen = /* @__PURE__ */ new Set([message]);
  for (const value of seen) {
    if (typeof value !== "object" || value === null) continue;
    for (const each of contentOf(value)) {
      if (seen.size >= LOOKED_AT) break;
      seen.add(each);
    }
    const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
    if (isLarge(buffer)) found.add(buffer);
  }
  return [...found];
}
function contentOf(value) {
  switch (kindOf(value)) {
    case "array":
      return value;
    case "record":
      return Object.values(value);
    case "map":
      return Map.prototype.values.call(value);
    case "set":
      return Set.prototype.values.call(value);
    default:
      return nothing;
  }
}
function isLarge(buffer) {
  if (kindOf(buffer) !== "buffer") return false;
  const { byteLength, resizable = false } = buffer;
  return byteLength >= BESIDE_BYTES && !resizable;
}
function decode(kind, source, start = 0, end = source.length, buffers = nothing) {
  switch (kind) {
    case ASCII:
      return JSON.parse(source.toString("latin1", start, end));
    case UTF8:
      return JSON.parse(source.toString("utf8", start, end));
    case GAPS:
      return fillGaps(JSON.parse(source.toString("utf8", start, end)));
    case V8:
      return readFully(source.subarray(start, end), buffers);
    default:
      throw new Error("it could not be passed on");
  }
}
function fillGaps(kept) {
  const [gaps, message] = kept;
  if (!Array.isArray(gaps) || !Array.isArray(message)) throw new Error("gaps in what is no array");
  for (const index of gaps) {
    if (typeof index !== "number" || message[index] !== null) throw new Error("a gap where there is none");
    message[index] = void 0;
  }
  return message;
}
function readFully(bytes, buffers) {
  if (!isModest(bytes)) throw new Error("arrays with more holes than a message may have");
  const deserializer = new Deserializer(bytes);
  for (const [i, buffer] of buffers.entries()) deserializer.transferArrayBuffer(i, buffer);
  deserializer.readHeader();
  return deserializer.readValue();
}

// src/core/wire/capture.ts
var MAX_NODES2 = 100;
var MAX_OBJECTS = 32;
var CHARACTERS_PER_NODE = 256;
var other = /* @__PURE__ */ Symbol("other");
function capture(values) {
  if (values.length > MAX_NODES2) return void 0;
  const copies = [];
  const budget = countObjects(values) > 1 ? newBudget() : void 0;
  for (const value of values) {
    const copied = budget ? copy(value, budget) : captureOne(value);
    if (copied === other) return void 0;
    copies.push(copied);
  }
  return copies;
}
function captureOne(value) {
  if (typeof value !== "object" || value === null) return isPlain(value, MAX_NODES2) ? value : other;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    const flat = { ...value };
    if (isFlat(Object.values(flat))) return flat;
  }
  return copyObject(value, newBudget());
}
function isFlat(values) {
  for (const value of values) {
    if (typeof value === "object" && value !== null || !isPlain(value, 1)) return false;
  }
  return values.length <= MAX_NODES2;
}
function countObjects(values) {
  let count = 0;
  for (const value of values) if (typeof value === "object" && value !== null) count++;
  return count;
}
function newBudget() {
  return { nodes: MAX_NODES2, seen: [] };
}
function isPlain(value, nodes) {
  const type = typeof value;
  return type === "string" ? value.length <= nodes * CHARACTERS_PER_NODE : type !== "function" && type !== "symbol";
}
function copy(value, budget) {
  budget.nodes--;
  switch (typeof value) {
    case "object":
      return value === null ? null : copyObject(value, budget);
    case "string":
      if (value.length > CHARACTERS_PER_NODE) {
        budget.nodes -= value.length / CHARACTERS_PER_NODE;
        if (budget.nodes < 0) return other;
      }
      return value;
    case "function":
    case "symbol":
      return other;
    default:
      return value;
  }
}
function copyObject(value, budget) {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return isNew2(value, budget) ? copyPlain(value, budget) : other;
  }
  if (prototype === Array.prototype && Array.isArray(value)) {
    return isNew2(value, budget) ? copyArray(value, budget) : other;
  }
  if (prototype === Date.prototype && isNew2(value, budget)) {
    try {
      return new Date(Date.prototype.getTime.call(value));
    } catch {
      return other;
    }
  }
  return other;
}
function isNew2(value, budget) {
  const { seen } = budget;
  if (seen.length === MAX_OBJECTS || seen.includes(value)) return false;
  seen.push(value);
  return true;
}
function copyPlain(source, budget) {
  const target = {};
  const keys = Object.keys(source);
  if (keys.length > budget.nodes) return other;
  for (const key of keys) {
    if (key === "__proto__") return other;
    const copied = copy(source[key], budget);
    if (copied === other) return other;
    target[key] = copied;
  }
  return target;
}
function copyArray(source, budget) {
  const length = source.length;
  if (length > budget.nodes) return other;
  const keys = Object.keys(source);
  if (keys.length !== length || length > 0 && keys[length - 1] !== String(length - 1)) return other;
  const target = [];
  for (let i = 0; i < length; i++) {
    const copied = copy(source[i], budget);
    if (copied === other) return other;
    target.push(copied);
  }
  return target;
}

// ../../scratch-sockets/prof.ts
var msg = (i) => ({ id: "doc-" + i, n: i, ok: true, title: "the title of it" });
var mk = (n, k = 0) => {
  const b = [5];
  for (let i = 0; i < n; i++) b.push(1, "doc:saved", 1, capture([msg(i + k)])[0]);
  return b;
};
function bench(name, f, n) {
  for (let i = 0; i < n / 2; i++) f(i);
  const t = process.hrtime.bigint();
  for (let i = 0; i < n; i++) f(i);
  const d = Number(process.hrtime.bigint() - t) / n / 1e3;
  console.log(name.padEnd(40), d.toFixed(2), "us");
  return d;
}
for (const n of [1, 10, 100]) {
  console.log("frames", n);
  const N = 3e4 / n + 2e3;
  const base = bench("make", (i) => mk(n, i * n), N);
  console.log("check", (bench("make+check", (i) => isExact(mk(n, i * n), []), N) - base).toFixed(2));
  console.log("stringify", (bench("make+stringify", (i) => JSON.stringify(mk(n, i * n)), N) - base).toFixed(2));
  console.log("encode", (bench("make+encode", (i) => encode(mk(n, i * n)), N) - base).toFixed(2));
  const e = encode(mk(n));
  const b = Buffer.from(e.text);
  bench("decode ascii", () => decode(1, b, 0, b.length), N);
  bench("decode utf8", () => decode(2, b, 0, b.length), N);
}
