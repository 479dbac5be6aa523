/** @param {import('../demonstration.js').Stage} stage */
export async function show({ graph, editor, viewer, narrator, screenshots }) {
  await narrator.step('screenshots, light and dark', async () => {
    await editor.click('to-viewer');
    await editor.click('port-trail');
    await editor.click('to-helper');
    await editor.click('stream');
    await viewer.click('to-editor');
    await viewer.click('port-sine');
    await editor.frame('widget').part('to').selectOption('outline');
    await editor.frame('widget').click('port-trail');
    await graph.operate('indexer', 'graph');
    await graph.click('port-trail');
    await graph.operate('thread', 'graph');
    await graph.click('port-sine');
    await graph.click('echo');
    await graph.part('legend').filter({ hasText: 'thread' }).waitFor();
    // Long enough for a full canvas, and something to see on the time axis.
    await graph.part('block-result').evaluate((result) => result.removeAttribute('data-state'));
    await graph.click('block');
    await graph.part('block-result').and(graph.page.locator('[data-state="done"]')).waitFor();
    await graph.logged('asked', /draws a sine at graph.*?(1[2-9]\d|[2-9]\d\d) points/, 'open');
    await graph.photograph(screenshots, 'graph');
    await editor.photograph(screenshots, 'editor');
    await viewer.photograph(screenshots, 'viewer');
    return screenshots;
  });
}
