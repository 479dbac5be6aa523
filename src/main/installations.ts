import type { Session } from 'electron';
import { invalid } from '../core/errors/mesh-error.js';

/** The sessions in which the preload is registered, and how to take it back. */
export class Installations {
  readonly #find: () => string;
  readonly #sessions = new Map<Session, () => void>();
  #path: string | undefined;

  /** @param find the preload's path; called when it is first needed, as it may have to be written */
  constructor(find: () => string) {
    this.#find = find;
  }

  get preload(): string {
    return (this.#path ??= this.#find());
  }

  add(session: Session): void {
    if (typeof session?.setPreloads !== 'function' && typeof session?.registerPreloadScript !== 'function') {
      throw invalid('bridge.install(session)', 'give an Electron session, such as session.defaultSession.');
    }
    if (this.#sessions.has(session)) return;
    this.#sessions.set(session, register(session, this.preload));
  }

  close(): void {
    for (const remove of this.#sessions.values()) remove();
    this.#sessions.clear();
  }
}

function register(session: Session, filePath: string): () => void {
  if (typeof session.registerPreloadScript === 'function') {
    const id = session.registerPreloadScript({ type: 'frame', filePath });
    return () => session.unregisterPreloadScript(id);
  }
  session.setPreloads([...session.getPreloads(), filePath]);
  return () => session.setPreloads(session.getPreloads().filter((path) => path !== filePath));
}
