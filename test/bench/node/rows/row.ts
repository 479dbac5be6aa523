import type { RowAt } from '../../contest/contest.js';
import type { NodeContestant, NodeStage } from '../stage.js';

/** A row that is measured between Node processes. */
export type Row = RowAt<NodeStage, NodeContestant>;
