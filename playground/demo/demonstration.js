// What the playground shows, step by step, each done with the controls that a person uses and seen where a person sees it.

import { accessible } from './steps/accessible.js';
import { brokers } from './steps/brokers.js';
import { begin } from './steps/begin.js';
import { blockMain } from './steps/block.js';
import { crash } from './steps/crash.js';
import { fail } from './steps/fail.js';
import { hang } from './steps/hang.js';
import { join } from './steps/join.js';
import { leave } from './steps/leave.js';
import { nodes } from './steps/nodes.js';
import { ports } from './steps/ports.js';
import { remove } from './steps/remove.js';
import { scene } from './steps/scene.js';
import { service } from './steps/service.js';
import { show } from './steps/show.js';
import { stream } from './steps/stream.js';
import { talk } from './steps/talk.js';

/**
 * @typedef {object} Stage
 * @property {import('./desk.js').Desk} graph
 * @property {import('./desk.js').Desk} editor another one when its window has been closed and opened again
 * @property {import('./desk.js').Desk} viewer likewise
 * @property {import('./narrator.js').Narrator} narrator
 * @property {(name: string) => Promise<import('./desk.js').Desk>} opened waits for a window's page that was not seen yet
 * @property {string} screenshots the folder for them
 */

/**
 * @param {Pick<Stage, 'narrator' | 'opened' | 'screenshots'>} setting
 * @returns {Promise<number[]>} the processes that there were in the end
 */
export async function demonstrate(setting) {
  const [graph, editor, viewer] = await Promise.all(['graph', 'editor', 'viewer'].map(setting.opened));
  /** @type {Stage} */
  const stage = { ...setting, graph, editor, viewer };
  const parts = [
    join,
    begin,
    talk,
    fail,
    stream,
    ports,
    service,
    scene,
    nodes,
    blockMain,
    hang,
    leave,
    remove,
    crash,
    brokers,
    show,
    accessible,
  ];
  for (const part of parts) await part(stage);
  return stage.editor.pids();
}
