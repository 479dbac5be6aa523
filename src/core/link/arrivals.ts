import type { MeshPort } from '../port/mesh-port.js';
import { closeAll } from '../port/port.js';
import { restore } from '../wire/lift.js';
import { transfer } from '../wire/transfer.js';

/**
 * The ports that came beside the post that is being read. Each belongs to the frame behind PORTS, and is put back there in the
 * place of its placeholder; one that nobody has taken when the post is read is closed, so that nobody holds an orphan.
 */
export class Arrivals {
  readonly #adopt: (raw: object, opened: boolean) => MeshPort;
  #raw: readonly unknown[] = [];
  #placeholders: readonly object[] | undefined;
  #ports: MeshPort[] = [];
  /** Those that somebody will find in what they came with. One whose placeholder is nowhere would be nobody's. */
  readonly #placed = new Set<object>();
  #taken = false;

  /** @param adopt `opened`: the first port of a PORT frame, whose other end the peer keeps */
  constructor(adopt: (raw: object, opened: boolean) => MeshPort) {
    this.#adopt = adopt;
  }

  /** A post begins. */
  begin(raw: readonly unknown[]): void {
    this.#raw = raw;
  }

  /** PORTS. False if it makes no sense. */
  place(placeholders: unknown): boolean {
    const count = this.#raw.length;
    if (this.#placeholders || count === 0) return false;
    if (!Array.isArray(placeholders) || placeholders.length !== count) return false;
    // Else the ports would find no place, and stay open with nobody who has them.
    const places = new Set<unknown>(placeholders);
    if (places.size < count || ![...places].every((each) => typeof each === 'object' && each !== null)) return false;
    this.#placeholders = placeholders as object[];
    // Those take too whose frames came without ports.
    this.#taken = false;
    return true;
  }

  /** Whether PORTS was read, so that they belong to the frame that follows, and to no other. */
  get announced(): boolean {
    return this.#placeholders !== undefined;
  }

  /** The port that a PORT frame hands over. */
  first(): MeshPort | undefined {
    if (!this.#placeholders || this.#ports.length > 0) return undefined;
    this.#makePorts(true);
    this.#placed.add(this.#ports[0] as MeshPort);
    return this.#ports[0];
  }

  /** `values` with their ports in place. */
  restore(values: unknown[]): unknown[] {
    if (!this.#placeholders) return values;
    if (this.#ports.length === 0) this.#makePorts(false);
    const place = (port: object): unknown => this.#placed.add(port);
    return (restore(values, this.#placeholders, this.#ports, place) as unknown[] | undefined) ?? values;
  }

  /** As `restore`, for somebody who waits for the value. */
  restoreOne(value: unknown): unknown {
    if (!this.#placeholders) return value;
    this.#taken = true;
    return this.restore([value])[0];
  }

  /** Somebody has the ports of the frame now, and closes them. */
  take(): void {
    this.#taken = true;
  }

  /** Nobody has them, after all. */
  refuse(): void {
    this.#taken = false;
  }

  /** `values`, to be sent: what had moved here moves on. */
  giveBack(values: unknown[]): unknown[] {
    if (this.#ports.length === 0 || values.length === 0) return values;
    this.#taken = true;
    return [...values.slice(0, -1), transfer(values.at(-1), this.#ports)];
  }

  /** The post has been read, or the frame that they belong to. */
  end(): void {
    if (this.#raw.length === 0) return;
    if (this.#ports.length === 0) closeAll(this.#raw);
    else for (const port of this.#ports) if (!this.#taken || !this.#placed.has(port)) port.close();
    this.#raw = [];
    this.#placeholders = undefined;
    this.#ports = [];
    this.#taken = false;
    this.#placed.clear();
  }

  #makePorts(opened: boolean): void {
    this.#ports = this.#raw.map((raw, index) => this.#adopt(raw as object, opened && index === 0));
  }
}
