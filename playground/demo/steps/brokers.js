const peers = ['indexer', 'archive'];

/** @param {import('../demonstration.js').Stage} stage */
export async function brokers({ graph, editor, narrator, screenshots }) {
  await narrator.step(
    'the broker is killed: Node’s peers are lost to Electron, but talk on to each other, and they come back under their old ids',
    async () => {
      await graph.operate('indexer', 'archive');
      await graph.click('stream');
      await graph.logged('asked', /streams from archive.*, [1-9][\d,]*\/s/, 'open');
      const [before, broker] = [await idsOf(editor), await editor.identity('broker')];
      await graph.operate('broker');
      await graph.click('crash-broker');
      for (const name of ['broker', ...peers]) {
        await Promise.all([editor.peer(name, 'lost'), graph.node(name, 'gone')]);
      }
      await graph.photograph(screenshots, 'broker-gone');
      await graph.click('restore-broker');
      for (const name of ['broker', ...peers]) await Promise.all([editor.peer(name), graph.node(name, 'here')]);
      const after = await idsOf(editor);
      if (after !== before) throw new Error(`They were ${before}, and are ${after}`);
      if ((await editor.identity('broker')).id === broker.id) throw new Error('The new broker is the old one');
      await graph.operate('indexer');
      await graph.logged('joined', 'the broker is back');
      await graph.click('stop-stream');
      const line = await graph.logged('asked', 'streams from archive', 'done');
      return `${after}; the stream between them: ${await line.outcome()}`;
    },
  );
  await narrator.step('the gateway is killed: the bridge starts another one, and it finds all again', async () => {
    const before = await idsOf(editor);
    await graph.operate('gateway');
    const old = await graph.read('chosen-identity');
    await graph.click('crash-gateway');
    for (const name of peers) await editor.logged('left', `${name} left: lost`);
    for (const name of ['broker', ...peers]) await Promise.all([editor.peer(name), graph.node(name, 'here')]);
    if ((await idsOf(editor)) !== before) throw new Error('They are others');
    await graph.page.waitForFunction((text) => {
      const identity = document.querySelector('[data-testid="chosen-identity"]');
      return /utility \d+/.exec(identity?.textContent ?? '')?.[0] !== /utility \d+/.exec(text)?.[0];
    }, old);
    // Links through it are made as they are needed: how many, depends on who are neighbours.
    await graph
      .part('chosen-identity')
      .filter({ hasText: /links\s*[1-9]/ })
      .waitFor();
    await graph.photograph(screenshots, 'gateway');
    return `${old}, then ${await graph.read('chosen-identity')}`;
  });
  await narrator.step('the broker is stopped, and comes back with the first one who is brought back', async () => {
    const before = await idsOf(editor);
    await graph.operate('broker');
    await graph.click('end-broker');
    for (const name of ['broker', ...peers]) await graph.node(name, 'gone');
    const reason = await graph.part('node-indexer').getAttribute('data-reason');
    await graph.operate('indexer');
    await graph.click('restore-indexer');
    for (const name of ['broker', ...peers]) await Promise.all([editor.peer(name), graph.node(name, 'here')]);
    if ((await idsOf(editor)) !== before) throw new Error('They are others');
    return `${reason}; ${before}`;
  });
}

/** @param {import('../desk.js').Desk} desk */
async function idsOf(desk) {
  const ids = await Promise.all(peers.map(async (name) => `${name} ${(await desk.identity(name)).id}`));
  return ids.join(', ');
}
