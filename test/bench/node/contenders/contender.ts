import type { Client, Service } from '../../page/contender.js';

/** One way from a Node process to another: both halves, each for the process it runs in. Sockets are in `folder`. */
export interface Contender {
  /** What stands between them, in a process of its own. */
  host?(folder: string): Promise<void>;
  serve(folder: string, service: Service): Promise<void>;
  open(folder: string): Promise<Client>;
}
