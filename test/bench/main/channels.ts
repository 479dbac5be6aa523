// The IPC channels between the bench's main process and its preloads.

/** A port for the page, with its label. */
export const PORT_MESSAGE = 'bench:port';
export const INVOKE = 'bench:invoke';
// The relay: renderer, main, renderer, main, renderer.
export const QUESTION = 'bench:question';
export const RELAYED_QUESTION = 'bench:relayed-question';
export const ANSWER = 'bench:answer';
export const RELAYED_ANSWER = 'bench:relayed-answer';
// A port from one renderer to the other.
export const INTRODUCE = 'bench:introduce';
export const INTRODUCED = 'bench:introduced';
// The same two for the utility process.
export const INVOKE_UTILITY = 'bench:invoke-utility';
export const INTRODUCE_UTILITY = 'bench:introduce-utility';
/** A channel that main made because the utility process, which can't, asked for it. */
export const FRESH_PORT = 'bench:fresh-port';
