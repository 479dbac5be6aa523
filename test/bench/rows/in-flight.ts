import { oneByOne } from '../contest/ways.js';
import { pageName, type Contestant } from '../main/stage.js';

/** 10,000 calls at a time. */
export const inFlight = oneByOne<Contestant>((contestant, scaled) =>
  contestant.pair.client.page.call('inFlight', pageName(contestant), scaled(10_000)),
);
