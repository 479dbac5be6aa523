// v8 checks what arrives, but for one thing: of an array with holes it believes the length, and takes memory for it. Five bytes
// are 256 MiB then, a message of a few kilobytes ends the process. (From 32 Mi elements on it takes none, and below that no other
// kind of value takes much more than its bytes.) So what such arrays claim is added up before v8 reads a message.

/** Elements that an array with holes may have for each byte of its message… */
const ELEMENTS_PER_BYTE = 8;
/** … and besides. */
const SPARE_ELEMENTS = 1024 * 1024;

/** A byte `a` begins an array with holes; or it is a text's, or a number's. */
const SPARSE = 0x61;

/** Whether v8 may read `bytes`: it takes no more memory for it than a message of that size may need. */
export function isModest(bytes: Uint8Array): boolean {
  const limit = bytes.length * ELEMENTS_PER_BYTE + SPARE_ELEMENTS;
  // Whatever looks like one counts: that takes a fraction of the time, and is nearly always enough.
  let claimed = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === SPARSE) claimed += lengthAt(bytes, i + 1);
  return claimed <= limit || elementsClaimed(bytes) <= limit;
}

/** A varint. */
function lengthAt(bytes: Uint8Array, start: number): number {
  let value = 0;
  for (let i = start, unit = 1; i < bytes.length && unit < 2 ** 35; i++, unit *= 128) {
    const byte = bytes[i] as number;
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) break;
  }
  return value;
}

/**
 * The sum of the lengths of all arrays with holes in `bytes`. `Infinity` if they can't be read: v8 knows more than this, or it is
 * no message at all.
 */
export function elementsClaimed(bytes: Uint8Array): number {
  return new Walk(bytes).run();
}

/** Tags, and how many varints stand behind them; behind those with none stands a value, or nothing. */
const varints = new Map<number, number>();
for (const each of bytesOf("_0TFxy-;'os\0")) varints.set(each, 0);
for (const each of bytesOf('IU^t?A{:,')) varints.set(each, 1);
for (const each of bytesOf('@$')) varints.set(each, 2);
/** An error's fields; a cause among them is a value, behind which there may be more fields. */
for (const each of bytesOf('m.')) varints.set(each, 0);
const DOUBLES = new Set(bytesOf('NDn'));
/** A length in bytes, and that many bytes. */
const SIZED = new Set(bytesOf('S"cB'));
const BIGINTS = new Set(bytesOf('Zz'));
/** Classes of errors. */
const CLASSES = new Set(bytesOf('ERFSTU'));
const [VIEW, RESIZABLE, REG_EXP, ERROR] = bytesOf('V~Rr');
const [MESSAGE, STACK, CAUSE, END] = bytesOf('msc.');

function bytesOf(tags: string): Buffer {
  return Buffer.from(tags, 'latin1');
}

/**
 * Nothing calls itself here: what a container holds stands between its first tag and its last one, so the tags can be read one
 * behind the other. Whether they make sense together is v8's to say.
 */
class Walk {
  readonly #bytes: Uint8Array;
  #at = 0;
  #claimed = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  run(): number {
    if (this.#byte() !== 0xff) return Infinity;
    const version = this.#varint();
    while (this.#at < this.#bytes.length) if (!this.#next(version)) return Infinity;
    return this.#at === this.#bytes.length ? this.#claimed : Infinity;
  }

  #next(version: number): boolean {
    const kind = this.#byte();
    const count = varints.get(kind);
    if (count !== undefined) this.#skipVarints(count);
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

  #skipVarints(count: number): void {
    for (let i = 0; i < count; i++) this.#varint();
  }

  #skipResizable(): void {
    const length = this.#varint();
    this.#varint();
    this.#at += length;
  }

  #skipRegExp(): boolean {
    if (!this.#skipText()) return false;
    this.#varint();
    return true;
  }

  /** Up to its end, or to its cause: there `c` has another meaning than elsewhere. */
  #skipError(): boolean {
    if (CLASSES.has(this.#bytes[this.#at] ?? 0)) this.#at++;
    for (;;) {
      const field = this.#byte();
      if (field === END || field === CAUSE) return true;
      if (field !== MESSAGE && field !== STACK) return false;
      if (!this.#skipText()) return false;
    }
  }

  #skipText(): boolean {
    let kind = this.#byte();
    while (kind === 0 && this.#at < this.#bytes.length) kind = this.#byte();
    if (!SIZED.has(kind)) return false;
    this.#at += this.#varint();
    return true;
  }

  #varint(): number {
    const value = lengthAt(this.#bytes, this.#at);
    while (this.#byte() >= 0x80);
    return value;
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }
}
