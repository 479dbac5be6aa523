import { PRELOAD_EVENT } from '../core/broker/joining.js';
import { MeshError } from '../core/errors/mesh-error.js';

/** The preload says so at once. */
export function hasPreload(): boolean {
  return !window.dispatchEvent(new CustomEvent(PRELOAD_EVENT, { cancelable: true }));
}

/** @param more what else there is to do about it */
export function preloadMissing(call: string, more = ''): MeshError {
  return new MeshError(
    'BRIDGE_GONE',
    `${call}: no Portmesh preload in this frame. In main, call bridge.install(session) before the window is made, or set ` +
      `webPreferences.preload to bridge.preload; frames need nodeIntegrationInSubFrames${more}.`,
  );
}
