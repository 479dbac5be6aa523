/** @typedef {import('./summary.js').Line} Line */

const HEAD = ['what', 'who', 'median', 'unit', 'portmesh is', 'runs', 'target', 'met'];
/** The share of the machine used by others above which a row says so. */
const DOUBTFUL = 0.1;

/**
 * One table of all rows: a line for us, and one for each peer with our ratio to it.
 *
 * @param {readonly Line[]} lines
 */
export function table(lines) {
  const rows = [HEAD, ...lines.flatMap(rowsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => cell(row, column).length)));
  const text = rows.map((row) =>
    widths
      .map((width, column) => cell(row, column).padEnd(width))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  const remarks = lines.flatMap(remarksOn);
  return [text[0], rule, ...text.slice(1), ...(remarks.length > 0 ? ['', ...remarks] : [])].join('\n');
}

/**
 * @param {Line} line
 * @returns {string[][]}
 */
function rowsOf({ title, unit, ours, peers, ratios, spread, targets }) {
  const own = targets.find(({ peer }) => peer === null);
  const first = [title, 'portmesh', number(ours), unit, '', '', own?.target ?? '', own ? met(own.met) : ''];
  const others = Object.keys(peers).map((peer) => {
    const target = targets.find((each) => each.peer === peer);
    const ratio = ratios[peer];
    const [least, greatest] = spread[peer] ?? [];
    return [
      ...['', peer, number(peers[peer] ?? null), unit],
      ratio === undefined ? '' : `${number(ratio, 4)} ×`,
      least === undefined || greatest === undefined ? '' : `${number(least)} – ${number(greatest)}`,
      ...[target?.target ?? '', target ? met(target.met) : ''],
    ];
  });
  return [first, ...others];
}

/**
 * What has to be known besides: below the table, since it would widen its columns.
 *
 * @param {Line} line
 * @returns {string[]}
 */
function remarksOn({ name, failed, disturbed }) {
  const remarks = Object.entries(failed).map(([who, why]) => `${who} failed: ${why}`);
  if (disturbed > DOUBTFUL) remarks.push(`doubtful: others used up to ${Math.round(disturbed * 100)} % of the machine`);
  return remarks.map((remark) => `${name}: ${remark}`);
}

/** @param {boolean} is */
function met(is) {
  return is ? 'yes' : 'NO';
}

/**
 * @param {number | null} value
 * @param {number} [digits]
 */
function number(value, digits = 3) {
  if (value === null) return 'failed';
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(digits)));
}

/**
 * @param {readonly string[]} row
 * @param {number} column
 */
function cell(row, column) {
  return row[column] ?? '';
}
