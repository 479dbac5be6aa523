import { startTimer } from '../../core/timer.js';

/** More than these are only counted. */
const MAX_LINES = 10;
/** In so many milliseconds. */
const SPAN_MS = 1000;

/** On a command line, nobody has called it. */
const CALL = /^createBroker\(\): /;

/** Reports who is refused, a few in a second: who is refused shall not be able to fill a disk with it. */
export function reportRefused(report: (line: string) => void): (error: Error, where: string) => void {
  let count = 0;
  const summarize = (): void => {
    if (count > MAX_LINES) report(`refused ${count - MAX_LINES} more`);
    count = 0;
  };
  return (error, where) => {
    if (++count === 1) startTimer(SPAN_MS, summarize);
    if (count <= MAX_LINES) report(oneLine(`${where}: ${error.message.replace(CALL, '')}`));
  };
}

/** What strangers say is in it: it shall not look like another line. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (each) => `\\x${each.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
