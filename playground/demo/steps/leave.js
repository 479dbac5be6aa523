/** @param {import('../demonstration.js').Stage} stage */
export async function leave(stage) {
  const { editor, narrator, opened } = stage;
  await editor.click('to-viewer');
  await narrator.step('viewer reloads, and is another peer of the same name', async () => {
    const before = await peerId(editor);
    await editor.click('reload-viewer');
    await editor.logged('left', 'viewer left: reloaded');
    await editor.peer('viewer');
    return `${before}, then ${await peerId(editor)}`;
  });
  await narrator.step('viewer’s window is closed, and opened again', async () => {
    await editor.click('end-viewer');
    await editor.peer('viewer', 'closed');
    const viewer = opened('viewer');
    await editor.click('restore-viewer');
    stage.viewer = await viewer;
    await stage.viewer.peer('editor');
  });
  await narrator.step('viewer navigates away, and comes back by itself', async () => {
    await editor.click('navigate-viewer');
    await editor.peer('viewer', 'navigated');
    await stage.viewer.click('back');
    await editor.peer('viewer');
  });
  await narrator.step('viewer is evicted, and joins again', async () => {
    await editor.click('evict-viewer');
    await editor.peer('viewer', 'evicted');
    const words = await (await stage.viewer.logged('left', 'evicted')).text();
    await stage.viewer.click('join');
    await editor.peer('viewer');
    return words;
  });
  await narrator.step('viewer leaves by its own wish, and joins again', async () => {
    await stage.viewer.click('leave');
    await editor.peer('viewer', 'bye');
    await stage.viewer.click('join');
    await editor.peer('viewer');
  });
  await narrator.step('editor leaves, and what it had let in with it; all come back', async () => {
    await editor.click('leave');
    await stage.viewer.peer('editor', 'bye');
    await stage.viewer.peer('widget', 'evicted');
    await stage.viewer.peer('counter', 'evicted');
    await editor.click('join');
    for (const name of ['editor', 'widget', 'counter']) await stage.viewer.peer(name);
    await editor.frame('widget').part('state').filter({ hasText: 'in the mesh' }).waitFor();
  });
}

/** @param {import('../desk.js').Desk} desk */
async function peerId(desk) {
  return (await desk.part('peer-viewer').getAttribute('title')) ?? '';
}
