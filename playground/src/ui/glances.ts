import type { Glance, View } from '../fractal/service.js';
import { make, part } from './dom.js';

/** As wide as what the service looks at, if it is that high. */
const ASPECT = 1.5;

/** Where the service looks: drawn over what is seen meanwhile. */
export class Glances {
  readonly #holder = part('fractal-glances');

  show({ view, worth }: Glance, seen: View): void {
    const { clientWidth, clientHeight } = this.#holder;
    const size = seen.height / clientHeight;
    const height = view.height / size;
    const left = (view.x - seen.x) / size + (clientWidth - height * ASPECT) / 2;
    const top = (view.y - seen.y) / size + (clientHeight - height) / 2;
    const frame = make('i');
    frame.style.cssText = `left:${left}px;top:${top}px;width:${height * ASPECT}px;height:${height}px`;
    frame.style.opacity = String(0.35 + Math.min(worth, 0.65));
    this.#holder.append(frame);
  }

  clear(): void {
    this.#holder.replaceChildren();
  }
}
