/** A generous bound: how small the gap can be is the benchmarks' business. */
const MAX_GAP_MS = 250;
/** Main must really have stood still, or the traffic beside it proves nothing. */
const MIN_BLOCKED_MS = 1900;
/** An overloaded machine stops everybody now and then, main or not; it makes a gap longer, never shorter. */
const ATTEMPTS = 4;

/** @param {import('../demonstration.js').Stage} stage */
export async function blockMain({ editor, viewer, narrator }) {
  await narrator.step('main is blocked for 2 s, and the windows go on talking', async () => {
    for (let attempt = 1; ; attempt++) {
      await Promise.all([flows(editor, 'viewer'), flows(editor, 'main'), flows(viewer, 'editor')]);
      for (const desk of [editor, viewer]) await desk.click('clear-log');
      await editor.click('block-main');
      const [atEditor, atViewer, main] = [
        await readGap(editor, 'viewer'),
        await readGap(viewer, 'editor'),
        await readGap(editor, 'main'),
      ];
      const result = `largest gap ${atEditor} ms at editor, ${atViewer} ms at viewer; main answered nobody for ${main} ms`;
      if (!(main >= MIN_BLOCKED_MS)) throw new Error(`Main was not blocked: ${result}`);
      if (atEditor <= MAX_GAP_MS && atViewer <= MAX_GAP_MS) return result;
      if (attempt === ATTEMPTS) throw new Error(`The gaps are above ${MAX_GAP_MS} ms, ${attempt} times: ${result}`);
      narrator.tell(`      a busy machine? ${result}; once more`);
    }
  });
}

/**
 * Waits until round trips are measured.
 *
 * @param {import('../desk.js').Desk} desk
 * @param {string} peer
 */
async function flows(desk, peer) {
  await desk.part(`rate-${peer}`).filter({ hasText: /[1-9]/ }).waitFor();
}

/**
 * The largest gap in the answers of a peer while main was blocked, once main is done.
 *
 * @param {import('../desk.js').Desk} desk
 * @param {string} peer
 */
async function readGap(desk, peer) {
  await desk.logged('note', 'main was blocked');
  return Number((await desk.part('block-result').getAttribute(`data-${peer}`)) || NaN);
}
