/** @param {import('../demonstration.js').Stage} stage */
export async function talk({ editor, viewer, narrator }) {
  await narrator.step('an event goes from editor to viewer', async () => {
    await editor.click('to-viewer');
    await editor.part('text').fill('good morning');
    await editor.click('send');
    await viewer.logged('got', 'editor says “good morning”');
  });
  await narrator.step('an event goes from viewer to everybody; main answers with one of its own', async () => {
    await viewer.part('text').fill('hello all');
    await viewer.click('send');
    await editor.logged('got', 'viewer says “hello all”');
    await viewer.logged('got', 'main says “I heard ‘hello all’”');
  });
  await narrator.step('viewer answers a request of editor', async () => {
    await editor.click('echo');
    const answer = await editor.logged('asked', 'asks viewer for an echo', 'done');
    return answer.outcome();
  });
  await narrator.step('main answers one too', async () => {
    await editor.click('to-main');
    await editor.click('primes');
    const answer = await editor.logged('asked', 'asks main for the primes', 'done');
    return answer.outcome();
  });
}
