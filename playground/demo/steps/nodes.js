/** @param {import('../demonstration.js').Stage} stage */
export async function nodes({ graph, editor, viewer, narrator }) {
  await narrator.step(
    'a typed array goes to a Node process, and to a frame from there: not a bit changes',
    async () => {
      await editor.click('to-indexer');
      await editor.click('mirror');
      await graph.operate('indexer', 'widget');
      await graph.click('mirror');
      const there = await editor.logged('asked', 'asks indexer for 65,536 numbers', 'done');
      const back = await graph.logged('asked', 'asks widget for 65,536 numbers', 'done');
      return `${await there.outcome()}; ${await back.outcome()}`;
    },
  );
  await narrator.step('two Node processes talk over a socket of their own', async () => {
    await graph.operate('indexer', 'archive');
    await graph.click('echo');
    return (await graph.logged('asked', 'asks archive for an echo', 'done')).outcome();
  });
  await narrator.step('viewer takes a stream from a Node process', async () => {
    await viewer.click('to-archive');
    await viewer.click('stream');
    const line = await viewer.logged('asked', /streams from archive.*, [1-9][\d,]*\/s/, 'open');
    const how = await line.outcome();
    await viewer.click('stop-stream');
    await viewer.logged('asked', 'streams from archive', 'done');
    return how;
  });
  await narrator.step('a Node process draws in editor over a port, and editor in another one', async () => {
    await graph.operate('indexer', 'editor');
    await graph.click('port-sine');
    await editor.part('legend').filter({ hasText: 'indexer' }).waitFor();
    await editor.click('to-archive');
    await editor.click('port-trail');
    await graph.operate('archive');
    const line = await graph.logged('got', /editor opens a port, and draws a trail.* points/, 'open');
    return `archive: ${await line.outcome()}`;
  });
  await narrator.step('one end of each is closed, and the other one is told', async () => {
    await editor.click('close-ports');
    const line = await graph.logged('got', 'editor opens a port', 'done');
    const how = await line.outcome();
    await graph.operate('indexer');
    await graph.click('close-ports');
    await editor.logged('got', 'indexer opens a port', 'done');
    return `archive: ${how}`;
  });
  await narrator.step('a Node process hangs for 5 s: it is known to, and answers in the end', async () => {
    await graph.operate('archive');
    await graph.click('hang-archive');
    await editor.click('echo');
    await graph.node('archive', 'unresponsive');
    const answer = await editor.logged('asked', 'asks archive for an echo', 'done');
    await graph.node('archive', 'here');
    return answer.outcome();
  });
  await narrator.step('it is stopped, says goodbye, and is brought back', async () => {
    await editor.click('end-archive');
    await editor.peer('archive', 'bye');
    await editor.click('restore-archive');
    await editor.peer('archive');
    await graph.node('archive', 'here');
  });
  await narrator.step('another one is evicted, and brought back', async () => {
    await editor.click('to-indexer');
    await editor.click('evict-indexer');
    await editor.peer('indexer', 'evicted');
    await editor.click('restore-indexer');
    await Promise.all([editor.peer('indexer'), graph.node('indexer', 'here')]);
  });
  await narrator.step('a Node process is killed, and what was pending rejects', async () => {
    await editor.click('clear-log');
    await editor.click('to-archive');
    await graph.operate('archive');
    await editor.click('slow');
    await graph.logged('served', 'editor asks for something slow', 'open');
    await editor.click('crash-archive');
    await Promise.all([editor.peer('archive', 'lost'), graph.node('archive', 'gone')]);
    const outcome = await (await editor.logged('asked', 'asks archive for something slow', 'failed')).outcome();
    if (!outcome.startsWith('PEER_GONE ')) throw new Error(`It ended with: ${outcome}`);
    await editor.click('restore-archive');
    await Promise.all([editor.peer('archive'), graph.node('archive', 'here')]);
    return outcome;
  });
}
