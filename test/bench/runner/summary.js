/**
 * @typedef {import('../contest/contest.js').Outcome} Outcome
 * @typedef {import('../contest/contest.js').Target} Target
 *
 * @typedef {object} Line one row, for machines
 * @property {string} name
 * @property {string} title
 * @property {string} unit
 * @property {number | null} ours the median of the runs; null: failed
 * @property {Record<string, number | null>} peers
 * @property {Record<string, number>} ratios ours to each peer: the median of the runs' own ratios
 * @property {Record<string, [number, number]>} spread the least and the greatest of those
 * @property {string} target
 * @property {boolean} met whether every target of the row is
 * @property {{ peer: string | null, target: string, met: boolean }[]} targets each on its own
 * @property {number[]} runs our own values
 * @property {Record<string, string>} failed why, by contender
 * @property {number} disturbed the share of the machine that others used, from 0 to 1
 */

/**
 * Medians and ratios of a row's raw values.
 *
 * @param {Outcome} outcome
 * @returns {Line}
 */
export function summarize({ name, title, unit, targets, ours, values, failed, disturbed }) {
  const own = values[ours] ?? [];
  /** @type {Line} */
  const line = {
    ...{ name, title, unit, ours: ours in failed ? null : round(median(own)), peers: {}, ratios: {}, spread: {} },
    ...{ target: '', met: false, targets: [], runs: own.map(round), failed, disturbed: round(disturbed) },
  };
  for (const peer of new Set([...Object.keys(values), ...Object.keys(failed)])) {
    if (peer === ours) continue;
    const theirs = values[peer] ?? [];
    if (peer in failed || theirs.length === 0) {
      line.peers[peer] = null;
      continue;
    }
    line.peers[peer] = round(median(theirs));
    // Run by run, since each run's contenders shared the machine's mood.
    const ratios = own.map((value, run) => value / /** @type {number} */ (theirs[run])).filter(Number.isFinite);
    if (ratios.length === 0) continue;
    line.ratios[peer] = round(median(ratios));
    line.spread[peer] = [round(Math.min(...ratios)), round(Math.max(...ratios))];
  }
  line.targets = targets.map((target) => ({
    peer: target.peer ?? null,
    target: describe(target, unit),
    met: isMet(target, line),
  }));
  line.target = line.targets.map((each) => (each.peer ? `${each.target} ${each.peer}` : each.target)).join('; ');
  line.met = line.targets.every((each) => each.met);
  return line;
}

/**
 * @param {Target} target
 * @param {string} unit
 */
function describe({ peer, atMost, atLeast }, unit) {
  return `${atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`} ${peer ? '×' : unit}`;
}

/**
 * @param {Target} target
 * @param {Line} line
 */
function isMet({ peer, atMost = Infinity, atLeast = -Infinity }, { ours, ratios }) {
  const value = peer ? ratios[peer] : ours;
  return typeof value === 'number' && value <= atMost && value >= atLeast;
}

/** @param {readonly number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** @param {number} value */
function round(value) {
  return Number(value.toPrecision(4));
}
