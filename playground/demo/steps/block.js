/** Half of the block: that traffic goes on is shown here; how small the gap can be is the benchmarks' business. */
const MAX_GAP_MS = 1000;
/** Main must really have stood still, or the traffic beside it proves nothing. */
const MIN_BLOCKED_MS = 1900;

/** @param {import('../demonstration.js').Stage} stage */
export async function blockMain({ graph, editor, viewer, narrator }) {
  await narrator.step('main is blocked for 2 s, and all others go on talking', async () => {
    await Promise.all([
      flows(editor, 'helper'),
      flows(editor, 'main'),
      flows(viewer, 'widget'),
      flows(viewer, 'indexer'),
    ]);
    for (const desk of [editor, viewer]) await desk.click('clear-log');
    const seen = blockedInGraph(graph);
    await editor.click('block');
    const [atEditor, atViewer, atNode, main] = [
      await readGap(editor, 'helper'),
      await readGap(viewer, 'widget'),
      await readGap(viewer, 'indexer'),
      await readGap(editor, 'main'),
    ];
    await graph.node('main', 'here');
    const exchanged = await seen;
    if (!(exchanged > 0)) throw new Error('The graph has seen nothing flow meanwhile');
    const result =
      `largest gap ${atEditor} ms between editor and helper, ${atViewer} ms between viewer and widget, ` +
      `${atNode} ms between viewer and the Node process; ` +
      `main answered nobody for ${main} ms; ${exchanged} messages went between others`;
    if (!(main >= MIN_BLOCKED_MS)) throw new Error(`Main was not blocked: ${result}`);
    if (![atEditor, atViewer, atNode].every((gap) => gap <= MAX_GAP_MS))
      throw new Error(`The others stood still too: ${result}`);
    return result;
  });
}

/**
 * How many messages the graph saw flow between others while it showed main as blocked. The page looks by itself: who drives it gets
 * no word through either, since all of DevTools goes through main.
 *
 * @param {import('../desk.js').Desk} graph
 */
function blockedInGraph(graph) {
  return graph.page.evaluate(
    () =>
      new Promise((/** @type {(count: number) => void} */ resolve) => {
        const node = /** @type {HTMLElement} */ (document.querySelector('[data-testid="node-main"]'));
        const result = /** @type {HTMLElement} */ (document.querySelector('[data-testid="block-result"]'));
        let seen = false;
        const observer = new MutationObserver(() => {
          seen ||= node.dataset['state'] === 'blocked';
          if (!seen || result.dataset['state'] !== 'done') return;
          observer.disconnect();
          resolve(Number(result.dataset['meanwhile']));
        });
        for (const each of [node, result]) observer.observe(each, { attributes: true });
      }),
  );
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
