import type { Lab, Main } from './lab.js';
import { Place } from './place.js';

type Seated = Main & { seats: Record<string, Main> };

let seats = 0;

/** A seat of main's own. Several are several places: each has globals of its own, behind which main's are. */
export class Seat extends Place {
  readonly #lab: Lab;

  constructor(lab: Lab) {
    const key = `seat ${++seats}`;
    super(key, (text) =>
      lab.main(
        (main, [each, script]) =>
          ((0, eval)(`(${script})`) as (world: unknown) => Promise<string>)((main as Seated).seats[each]),
        [key, text] as const,
      ),
    );
    this.#lab = lab;
  }

  override async join(name = 'main'): Promise<string> {
    this.name = name;
    return this.#lab.main(
      async (main, [key, given]) => {
        const seat = (((main as Seated).seats ??= {})[key] ??= Object.create(main) as Main);
        seat.bus = await main.bridge.connect({ name: given });
        return seat.bus.self.id;
      },
      [this.key, name] as const,
    );
  }

  /** Forgets all of them. */
  static forgetAll(lab: Lab): Promise<void> {
    return lab.main((main) => void ((main as Seated).seats = {}));
  }
}
