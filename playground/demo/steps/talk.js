/** @param {import('../demonstration.js').Stage} stage */
export async function talk({ graph, editor, viewer, narrator }) {
  await narrator.step('an event goes from editor to viewer', async () => {
    await editor.click('to-viewer');
    await editor.part('text').fill('good morning');
    await editor.click('send');
    await viewer.logged('got', 'editor says “good morning”');
  });
  await narrator.step('an event goes from viewer to everybody; main answers with one of its own', async () => {
    await viewer.click('to-everybody');
    await viewer.part('text').fill('hello all');
    await viewer.click('send');
    for (const desk of [editor, editor.frame('outline'), editor.frame('widget')]) {
      await desk.logged('got', 'viewer says “hello all”');
    }
    await viewer.logged('got', 'main says “I heard ‘hello all’”');
    // What has no page of its own is seen through the graph.
    for (const name of ['counter', 'helper', 'thread', 'main']) {
      await graph.operate(name);
      await graph.logged('got', 'viewer says “hello all”');
    }
  });
  await narrator.step('viewer answers a request of editor', async () => {
    await editor.click('echo');
    const answer = await editor.logged('asked', 'asks viewer for an echo', 'done');
    return answer.outcome();
  });
  await narrator.step('main computes for editor', async () => {
    await editor.click('to-main');
    await editor.click('primes');
    const answer = await editor.logged('asked', 'asks main for the primes', 'done');
    return answer.outcome();
  });
  await narrator.step('a thread of the utility process asks a frame of another origin', async () => {
    await graph.operate('thread', 'widget');
    await graph.click('echo');
    const answer = await graph.logged('asked', 'asks widget for an echo', 'done');
    await editor.frame('widget').logged('served', 'thread asks for an echo');
    return answer.outcome();
  });
  await narrator.step('that frame asks the worker of the page it is in', async () => {
    const widget = editor.frame('widget');
    await widget.part('to').selectOption('counter');
    await widget.click('primes');
    const answer = await widget.logged('asked', 'asks counter for the primes', 'done');
    return answer.outcome();
  });
}
