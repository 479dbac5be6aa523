import type { Session } from 'electron';
import { invalid } from '../core/errors/mesh-error.js';

/** The preload in a session. The application may take it away, as `setPreloads()` of its own does with all that were there before. */
interface Installed {
  isThere(): boolean;
  remove(): void;
}

/** The sessions in which the preload is registered. */
export class Installations {
  readonly #find: () => string;
  readonly #sessions = new Map<Session, Installed>();
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
    if (this.#sessions.get(session)?.isThere()) return;
    this.#sessions.set(session, register(session, this.preload));
  }

  close(): void {
    for (const installed of this.#sessions.values()) if (installed.isThere()) installed.remove();
    this.#sessions.clear();
  }
}

function register(session: Session, filePath: string): Installed {
  if (typeof session.registerPreloadScript === 'function') {
    const own = session.registerPreloadScript({ type: 'frame', filePath });
    return {
      isThere: () => session.getPreloadScripts().some(({ id }) => id === own),
      remove: () => session.unregisterPreloadScript(own), // throws if it isn't there
    };
  }
  session.setPreloads([...session.getPreloads(), filePath]);
  return {
    isThere: () => session.getPreloads().includes(filePath),
    remove: () => session.setPreloads(session.getPreloads().filter((path) => path !== filePath)),
  };
}
