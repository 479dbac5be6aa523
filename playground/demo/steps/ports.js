/** @param {import('../demonstration.js').Stage} stage */
export async function ports({ graph, editor, viewer, narrator }) {
  await narrator.step('the frame of another origin opens a port to viewer, and draws there', async () => {
    const widget = editor.frame('widget');
    await widget.part('to').selectOption('viewer');
    await widget.click('port-sine');
    await viewer.part('legend').filter({ hasText: 'widget' }).waitFor();
    const line = await viewer.logged('got', /widget opens a port, and draws a sine.* points/, 'open');
    return line.outcome();
  });
  await narrator.step('a thread of the utility process draws in a frame', async () => {
    await graph.operate('thread', 'outline');
    await graph.click('port-trail');
    await editor.frame('outline').part('legend').filter({ hasText: 'thread' }).waitFor();
  });
  await narrator.step('one end is closed, and the other one is told', async () => {
    await editor.frame('widget').click('close-ports');
    await graph.click('close-ports');
    const line = await viewer.logged('got', 'widget opens a port', 'done');
    await editor.frame('outline').logged('got', 'thread opens a port', 'done');
    await viewer.part('scope').and(viewer.page.locator('[data-traces="0"]')).waitFor();
    return `viewer: ${await line.outcome()}`;
  });
}
