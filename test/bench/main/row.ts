import type { ArenaAt, RowAt } from '../contest/contest.js';
import type { Contestant, Stage } from './stage.js';

/** A row that is measured in the app. */
export type Row = RowAt<Stage, Contestant>;
export type Arena = ArenaAt<Stage, Contestant>;
