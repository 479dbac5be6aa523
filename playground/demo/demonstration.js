// What the playground shows, step by step, each done with the controls that a person uses and seen where a person sees it.

import { blockMain } from './steps/block.js';
import { crash } from './steps/crash.js';
import { fail } from './steps/fail.js';
import { join } from './steps/join.js';
import { leave } from './steps/leave.js';
import { talk } from './steps/talk.js';

/**
 * @typedef {object} Stage
 * @property {import('./desk.js').Desk} editor
 * @property {import('./desk.js').Desk} viewer another one when its window has been closed and opened again
 * @property {import('./narrator.js').Narrator} narrator
 * @property {(name: string) => Promise<import('./desk.js').Desk>} opened waits for a window's page that was not seen yet
 */

/**
 * @param {Pick<Stage, 'narrator' | 'opened'>} setting
 * @param {string} screenshots the folder for them
 */
export async function demonstrate(setting, screenshots) {
  const [editor, viewer] = await Promise.all([setting.opened('editor'), setting.opened('viewer')]);
  /** @type {Stage} */
  const stage = { ...setting, editor, viewer };
  for (const part of [join, talk, fail, blockMain, crash, leave]) await part(stage);
  await stage.narrator.step('screenshots, light and dark', async () => {
    await stage.editor.photograph(screenshots, 'editor');
    await stage.viewer.photograph(screenshots, 'viewer');
    return screenshots;
  });
}
