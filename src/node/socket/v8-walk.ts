// The format of v8's serializer, as far as it takes to find the arrays in it, and the causes of errors.

/** With more elements than this, v8 takes no memory for an array with holes: it is a table of what is there. */
const DICTIONARY = 32 * 1024 * 1024;

/** A byte `a` begins an array with holes, and `A` one without; or it is a text's, or a number's. */
export const SPARSE = 0x61;
export const DENSE = 0x41;

/** Elements that v8 takes memory for, at once. @param left bytes of the message from there on: v8 refuses more elements than that */
export function claimOf(kind: number, length: number, left: number): number {
  return kind === SPARSE ? (length > DICTIONARY ? 0 : length) : length < left ? length : 0;
}

/** As v8 reads it: what is beyond 32 bits is cut off. */
export function varintAt(bytes: Uint8Array, start: number): number {
  let value = 0;
  for (let i = start, unit = 1; i < bytes.length && unit < 2 ** 35; i++, unit *= 128) {
    const byte = bytes[i] as number;
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) break;
  }
  return value % 2 ** 32;
}

/**
 * The sum of what the arrays in `bytes` claim. `undefined` if there is a tag that is not understood here: a later v8 may know more, or
 * it is no message at all. It must never take bytes for another value than v8 does: an array could be hidden from it then.
 */
export function elementsClaimed(bytes: Uint8Array): number | undefined {
  return new Walk(bytes).run();
}

/** Errors, each the cause of the one before, whose stacks are put in order: what is within moves once for each. */
const MAX_CAUSES = 64;

/**
 * `bytes` with the stack of each error before its cause, where these stand the other way round. So the v8 of Node 20, and of Electron
 * 27, writes them; the one of Electron 33 doesn't read that, and all of them read this. `undefined` if there are none such, or
 * far too many, one in the other.
 */
export function stacksFirst(bytes: Uint8Array): Uint8Array | undefined {
  const walk = new Walk(bytes);
  if (walk.run() === undefined || walk.late.length === 0) return undefined;
  const moving = walk.late.reduce((sum, [cause, , end]) => sum + end - cause, 0);
  if (moving > bytes.length * MAX_CAUSES) return undefined;
  const ordered = new Uint8Array(bytes); // not slice(): a Buffer's would be the same bytes
  // The inner ones first: what is done within a cause moves with it.
  for (const [cause, stack, end] of walk.late) {
    const moved = ordered.slice(cause, stack);
    ordered.copyWithin(cause, stack, end);
    ordered.set(moved, cause + end - stack);
  }
  return ordered;
}

/** The oldest format that v8 reads in any Node there is. */
const OLDEST = 13;

/** What a tag does, and the varints behind it; NONE: neither is in the table. By tag, since each value is looked up. */
const [NONE, VALUE, BEGIN, FINISH, PREFIX] = [0, 1, 2, 3, 4] as const;
const effects = new Uint8Array(256);
const varints = new Uint8Array(256);
const put = (tags: string, effect: number, count: number): void => {
  for (const tag of Buffer.from(tags)) [effects[tag], varints[tag]] = [effect, count];
};
put('_0TFxy-', VALUE, 0);
put('IU^t', VALUE, 1);
put("o;'", BEGIN, 0); // objects, maps, sets; for arrays see below
put('{:,', FINISH, 1);
put('@$', FINISH, 2);
put('\0s', PREFIX, 0);
put('?', PREFIX, 1);

/** Eight bytes; as many bytes as a varint says; half as many. */
const DOUBLES = new Set(Buffer.from('NDn'));
const SIZED = new Set(Buffer.from('S"cB'));
const BIGINTS = new Set(Buffer.from('Zz'));
/** Behind these may stand what makes a view of them. */
const BUFFERS = new Set(Buffer.from('B~t^'));
const TEXTS = new Set(Buffer.from('S"c'));
const CLASSES = new Set(Buffer.from('ERFSTU'));
const [VIEW, RESIZABLE, REG_EXP, ERROR] = Buffer.from('V~Rr');
const [MESSAGE, STACK, CAUSE, END] = Buffer.from('msc.');

/**
 * Reads tags one behind the other: what a container holds stands between its first tag and its last one, and whether these match is
 * v8's to say. The depth counts for errors only: behind the cause of one, which is any value, come its other fields.
 */
class Walk {
  readonly #bytes: Uint8Array;
  #at = 0;
  #version = 0;
  #claimed = 0;
  #depth = 0;
  /** Errors whose causes are being read, by their depths. */
  readonly #errors: (readonly [depth: number, cause: number])[] = [];
  /** Errors whose stack stands behind their cause: where each of them begins, and where the stack ends. */
  readonly late: (readonly [cause: number, stack: number, end: number])[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  run(): number | undefined {
    if (this.#byte() !== 0xff) return undefined;
    this.#version = this.#varint();
    if (this.#version < OLDEST) return undefined;
    while (this.#at < this.#bytes.length) if (!this.#next()) return undefined;
    return this.#at === this.#bytes.length ? this.#claimed : undefined;
  }

  /** Reads a tag, and what belongs to it. False if it isn't known. */
  #next(): boolean {
    const kind = this.#byte();
    const effect = effects[kind] as number;
    if (effect === NONE) return this.#readOther(kind);
    if (effect === BEGIN) this.#depth++;
    if (effect === FINISH) this.#depth--;
    for (let i = varints[kind] as number; i > 0; i--) this.#varint();
    if (effect === VALUE && BUFFERS.has(kind)) this.#skipView();
    return effect === BEGIN || effect === PREFIX || this.#valueRead();
  }

  #readOther(kind: number): boolean {
    if (kind === SPARSE || kind === DENSE) {
      this.#depth++;
      this.#claim(kind);
      return true;
    }
    if (kind === ERROR) return this.#readError();
    if (!this.#skipValue(kind)) return false;
    if (BUFFERS.has(kind)) this.#skipView();
    return this.#valueRead();
  }

  #claim(kind: number): void {
    const length = this.#varint();
    this.#claimed += claimOf(kind, length, this.#bytes.length - this.#at + 1);
  }

  #skipValue(kind: number): boolean {
    if (DOUBLES.has(kind)) this.#skip(8);
    else if (SIZED.has(kind)) this.#skip(this.#varint());
    else if (BIGINTS.has(kind)) this.#skip(Math.floor(this.#varint() / 2));
    else if (kind === RESIZABLE) this.#skipResizable();
    else if (kind === REG_EXP) return this.#skipText() && this.#varint() >= 0;
    else return false;
    return true;
  }

  #skipResizable(): void {
    const length = this.#varint();
    this.#varint();
    this.#skip(length);
  }

  #skipView(): void {
    let at = this.#at;
    while (this.#bytes[at] === 0) at++;
    if (this.#bytes[at] !== VIEW) return;
    this.#at = at + 1;
    this.#skipVarints(this.#version < 14 ? 3 : 4);
  }

  #readError(): boolean {
    if (CLASSES.has(this.#bytes[this.#at] ?? 0)) this.#at++;
    return this.#readFields();
  }

  /** Of an error, up to its end, or to its cause. @param cause where that begins, if it stands before these fields */
  #readFields(cause?: number): boolean {
    for (;;) {
      const start = this.#at;
      const field = this.#byte();
      if (field === END) return this.#valueRead();
      if (field === CAUSE) return this.#errors.push([this.#depth, start]) > 0;
      if ((field !== MESSAGE && field !== STACK) || !this.#skipText()) return false;
      if (field === STACK && cause !== undefined) this.late.push([cause, start, this.#at]);
    }
  }

  /** A value has been read. If it is the cause of an error, the rest of that follows. */
  #valueRead(): boolean {
    if (this.#errors.length === 0) return true;
    const [depth, cause] = this.#errors.at(-1) ?? [];
    if (depth !== this.#depth) return true;
    this.#errors.pop();
    return this.#readFields(cause);
  }

  #skipText(): boolean {
    let kind = this.#byte();
    while (kind === 0 && this.#at < this.#bytes.length) kind = this.#byte();
    if (!TEXTS.has(kind)) return false;
    this.#skip(this.#varint());
    return true;
  }

  #skipVarints(count: number): void {
    for (let i = 0; i < count; i++) this.#varint();
  }

  #skip(bytes: number): void {
    this.#at += bytes;
  }

  #varint(): number {
    const first = this.#bytes[this.#at] ?? 0;
    if (first < 0x80) {
      this.#at++;
      return first;
    }
    const value = varintAt(this.#bytes, this.#at);
    while (this.#byte() >= 0x80);
    return value;
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }
}
