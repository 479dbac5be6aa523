// A Comlink object: a window exposes it, and whoever wraps it lets shapes dance on the window's canvas.

import { finalizer, proxy, releaseProxy, type ProxyMarked, type Remote } from 'comlink';

/** A place on the canvas, from 0 to 1 each. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Who dances: in whose colour, and by whose name. */
export interface Cast {
  readonly by: string;
  readonly count: number;
}

export type OnClick = (at: Point) => void;

/** What draws. It stays in the window. */
export interface Stage {
  enter(cast: Cast): Troupe;
  leave(troupe: Troupe): void;
  /** Told of each click. */
  readonly onClick: Set<(at: Point) => Promise<void>>;
}

/** Dancers that came together. */
export interface Troupe {
  /** Lets each go on to a place of its own, within so many milliseconds. */
  move(places: readonly Point[], ms: number): void;
}

export class Scene {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /**
   * Lets dancers in, who are told where to go by what this returns; they leave when that is released, or lost with its peer.
   * `onClick` is called for each click on the canvas.
   */
  enter(cast: Cast, onClick: OnClick): Troupe & ProxyMarked {
    const troupe = this.#stage.enter(cast);
    const caller = onClick as unknown as Remote<OnClick>; // that is what came
    const tell = (at: Point): Promise<void> => caller(at);
    this.#stage.onClick.add(tell);
    return proxy({
      move: (places: readonly Point[], ms: number) => troupe.move(places, ms),
      [finalizer]: () => {
        this.#stage.onClick.delete(tell);
        this.#stage.leave(troupe);
        caller[releaseProxy]();
      },
    });
  }
}
